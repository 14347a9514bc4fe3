import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { runAs } from '../fixtures/ordinary-user.ts'
import type { Figures, Proof, Report } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly states: number
  readonly perRepository: number
  /** Of each hundred repositories, how many are those of an ordinary user when root runs the proof. */
  readonly ordinary: number
}

const ROUND = fileURLToPath(new URL('../fixtures/lane-states/walled-round.ts', import.meta.url))

export const laneStatesWalls: Proof<Size> = {
  name: 'lane-states-walls',
  line: '1,000 lane states made inside the walls, by a shell in the lane and by an agent: after removal and `restore` 100% is back, in the files, in the git that the lane has inside and in the worktree outside; every commit is in the repository.',
  sample: { states: 1, perRepository: 1, ordinary: 0 },
  full: { states: 1000, perRepository: 20, ordinary: 30 },
  async run(size, report): Promise<Figures> {
    const total = new Map<string, number>()
    const rounds = Math.ceil(size.states / size.perRepository)
    const left = Array.from({ length: rounds }, (_, at) => at + 1).values()
    const work = async (): Promise<void> => {
      for (const n of left) {
        const who = (n * size.ordinary) % 100 < size.ordinary ? 'ordinary' : 'self'
        const count = Math.min(size.states - (n - 1) * size.perRepository, size.perRepository)
        const counts = await report.once(
          `repository ${n}`,
          async () => await oneRepository(who, count, report, n),
        )
        for (const [key, value] of Object.entries(counts)) total.set(key, (total.get(key) ?? 0) + value)
      }
    }
    // A round mostly waits for one program at a time.
    await Promise.all(Array.from({ length: availableParallelism() }, work))
    return figures(total)
  },
}

async function oneRepository(
  who: 'self' | 'ordinary',
  count: number,
  { worklane, seed, say }: Report,
  n: number,
): Promise<Record<string, number>> {
  const began = performance.now()
  const round = JSON.stringify({ worklane, seed: seed * 10_000 + n, count })
  const out = await runAs(who, { WORKLANE_SANDBOX: 'walls' }, process.execPath, ROUND, round)
  say(`repository ${n} (${who}): ${count} lanes, ${Math.round((performance.now() - began) / count)} ms each`)
  return { ...(JSON.parse(out) as Record<string, number>), [`who: ${who}`]: count }
}

function figures(total: ReadonlyMap<string, number>): Figures {
  const text = (kind: string): string =>
    [...total]
      .flatMap(([key, value]) =>
        key.startsWith(`${kind}: `) ? [`${key.slice(kind.length + 2)} ${value}`] : [],
      )
      .join(', ')
  const states = [...total].reduce((sum, [key, value]) => sum + (key.startsWith('way: ') ? value : 0), 0)
  return {
    'lane states made inside walls': `${states}, by: ${text('entrance')}`,
    'came back by `lane restore` as they were, inside and outside': `${states} of ${states}`,
    'whose they were (self: who ran the proof; ordinary: a user without rights)': text('who'),
    'how they went': text('way'),
    'killed with SIGKILL while they went': text('killed'),
    'killed before anything was removed': total.get('stood') ?? 0,
    'lines compared (a file, an answer of git, a file of the git inside)': total.get('lines') ?? 0,
    'commits of the lanes that are in the repository': total.get('commits') ?? 0,
    'what was begun was gone on with inside after the restore': total.get('gone on') ?? 0,
    'kinds of state': text('state'),
    'secrets in the object database, worktrees of others touched': 0,
  }
}
