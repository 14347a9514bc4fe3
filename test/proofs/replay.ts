import assert from 'node:assert/strict'
import { madeUpMerges } from '../fixtures/replay/made-up-merges.ts'
import { gitDirectoryOf, recordedMerges } from '../fixtures/replay/recorded-merges.ts'
import { countReplay, type ReplayCounts, replayMerges } from '../fixtures/replay/replay-merges.ts'
import { duration, type Figures, type Proof, type Report } from './proof.ts'
import { publicName } from './public-name.ts'

interface Size {
  readonly [name: string]: number
  /** Of each repository, the newest ones; the made-up one has about as many. */
  readonly merges: number
  /** Merges to a round. */
  readonly round: number
}

interface Round extends ReplayCounts {
  readonly batch: number
  readonly plain: number
}

export const replay: Proof<Size> = {
  name: 'replay',
  line: 'The newest 1,500 merges of two parents of each of three public repositories, predicted from their two sides in batches: no prediction differs from one plain `git merge-tree` process, no conflict is called clean, and where people recorded what git makes of it, the predicted tree is the recorded one.',
  sample: { merges: 14, round: 14 },
  full: { merges: 1500, round: 250 },
  needsRepository: true,
  async run(size, report): Promise<Figures> {
    if (report.repositories !== undefined) {
      const all: [string, string | number][] = []
      for (const [at, path] of report.repositories.entries())
        all.push(...(await prove(size, report, path, `${at + 1}. ${publicName(path)}`)))
      return Object.fromEntries(all)
    }
    using source = madeUpMerges(Math.ceil((size.merges * 3) / 4), report.seed)
    const figures = await prove(size, report, source.root, 'made up from the seed')
    return Object.fromEntries(figures)
  },
}

async function prove(
  { merges: most, round }: Size,
  report: Report,
  path: string,
  name: string,
): Promise<[string, string | number][]> {
  const merges = recordedMerges(path, most)
  const rounds: Round[] = []
  for (let at = 0; at < merges.length; at += round) {
    const part = merges.slice(at, at + round)
    const work = async (): Promise<Round> => await oneRound(gitDirectoryOf(path), part)
    rounds.push(await report.once(`${part[0]?.commit} and ${part.length - 1} more`, work))
    report.say(`${name}: ${at + part.length} of ${merges.length}`)
  }
  const sum = (of: keyof Round): number => rounds.reduce((total, one) => total + one[of], 0)
  const all = sum('merges')
  return [
    [
      `${name}: merges`,
      `${all}, ${sum('mainLine')} of them on the main line, the newest ${merges[0]?.commit}`,
    ],
    [`${name}: predicted clean, conflict, unknown`, `${sum('clean')}, ${sum('conflict')}, ${sum('unknown')}`],
    [`${name}: conflicts called clean`, sum('missed')],
    [`${name}: other differences from plain git`, sum('disagree')],
    [`${name}: plain git crashed`, sum('crashed')],
    [`${name}: predicted clean, with the recorded tree`, `${sum('asRecorded')} of ${sum('clean')}`],
    [`${name}: with another, where plain git merges as predicted`, sum('clean') - sum('asRecorded')],
    [
      `${name}: a prediction, and plain git, took`,
      `${duration(sum('batch') / all)}, ${duration(sum('plain') / all)}`,
    ],
  ]
}

async function oneRound(commonDir: string, part: Parameters<typeof replayMerges>[1]): Promise<Round> {
  const { merges, took } = await replayMerges(commonDir, part)
  const counts = countReplay(merges)
  assert.equal(counts.missed, 0)
  assert.equal(counts.disagree, 0)
  return { ...counts, ...took }
}
