import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { LANES } from '../fixtures/lane-work/jobs.ts'
import type { WorkAsked, WorkDone } from '../fixtures/lane-work/round.ts'
import { runAs } from '../fixtures/ordinary-user.ts'
import type { Figures, Proof, Report } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** How many of the lists of jobs, each of which one agent does in one lane. */
  readonly lanes: number
  /** 1: also as an ordinary user, when root runs the proof. */
  readonly everyone: number
}

type Who = 'self' | 'ordinary'

const ROUND = fileURLToPath(new URL('../fixtures/lane-work/round.ts', import.meta.url))

export const workInWalls: Proof<Size> = {
  name: 'work-in-walls',
  line: 'Git, npm, Node, Python, a dev server, sockets, terminals and whatever else agents use work in a lane inside its walls as without them: the same answers, the same exit codes, the same tree landed.',
  sample: { lanes: 1, everyone: 0 },
  full: { lanes: LANES.length, everyone: 1 },
  async run(size, report): Promise<Figures> {
    const isRoot = process.getuid?.() === 0
    const whos: readonly Who[] = size.everyone === 1 && isRoot ? ['self', 'ordinary'] : ['self']
    for (const who of whos) {
      const ways = ['none', 'walls'] as const
      const [plain, walled] = await Promise.all(
        ways.map(
          async (sandbox) =>
            await report.once(`${who}, ${sandbox}`, async () => await work(who, sandbox, size, report)),
        ),
      )
      assert.ok(plain !== undefined && walled !== undefined)
      compare(who, plain, walled)
    }
    const jobs = LANES.slice(0, size.lanes).flat()
    const different = jobs.flatMap(({ name, differs }) =>
      differs === undefined ? [] : [`${name}: ${differs}`],
    )
    return {
      'jobs, each done without walls and inside them': jobs.length,
      'who did them': whos.map((who) => (isRoot && who === 'self' ? 'root' : 'an ordinary user')).join(', '),
      'same exit code': `${jobs.length} of ${jobs.length}`,
      'same answer': `${jobs.length - different.length} of ${jobs.length}`,
      'another answer, for a reason': different.join('; '),
      'files of the landed tree that differ otherwise': 0,
      jobs: jobs.map(({ name }) => name).join('; '),
    }
  },
}

async function work(who: Who, sandbox: WorkAsked['sandbox'], size: Size, report: Report): Promise<WorkDone> {
  const asked: WorkAsked = { worklane: report.worklane, sandbox, lanes: size.lanes }
  const began = performance.now()
  const out = await runAs(who, {}, process.execPath, ROUND, JSON.stringify(asked))
  report.say(`${who}, ${sandbox}: ${Math.round(performance.now() - began)} ms`)
  return JSON.parse(out) as WorkDone
}

function compare(who: Who, plain: WorkDone, walled: WorkDone): void {
  const jobs = LANES.flat().filter(({ name }) => name in plain.answers)
  for (const { name, differs } of jobs) {
    const [without = '', inside = ''] = [plain.answers[name], walled.answers[name]]
    if (differs === undefined) assert.equal(inside, without, `${who}: ${name}`)
    assert.equal(exitCode(inside), exitCode(without), `${who}: ${name}`)
    // A job that fails everywhere would prove nothing.
    assert.equal(exitCode(without), 'exit 0', `${who}: ${name}: ${without}`)
  }
  assert.deepEqual(walled.landed, plain.landed)
}

function exitCode(answer: string): string {
  return /exit \d+$/.exec(answer)?.[0] ?? 'none'
}
