import { madeUpMerges } from '../fixtures/replay/made-up-merges.ts'
import { gitDirectoryOf, recordedMerges } from '../fixtures/replay/recorded-merges.ts'
import { type RuledMerges, rulesOnMerges } from '../fixtures/replay/rules-on-merges.ts'
import type { Figures, Proof, Report } from './proof.ts'
import { publicName } from './public-name.ts'

interface Size {
  readonly [name: string]: number
  /** Of each repository, the newest ones. */
  readonly merges: number
  /** Merges to a round. */
  readonly round: number
}

export const conflictRules: Proof<Size> = {
  name: 'conflict-rules',
  line: 'Merges of public repositories in which people resolved a conflict: how many of them the rules of a landing resolve, and what people had made of those files.',
  sample: { merges: 12, round: 12 },
  full: { merges: 3000, round: 250 },
  needsRepository: true,
  async run(size, report): Promise<Figures> {
    if (report.repositories === undefined) {
      using source = madeUpMerges(Math.ceil((size.merges * 3) / 4), report.seed)
      return figures(await ruled(size, report, source.root), 'made up from the seed')
    }
    const all: Figures[] = []
    for (const [at, path] of report.repositories.entries())
      all.push(figures(await ruled(size, report, path), `${at + 1}. ${publicName(path)}`))
    return Object.assign({}, ...all)
  },
}

async function ruled(
  { merges: most, round }: Size,
  report: Report,
  path: string,
): Promise<readonly RuledMerges[]> {
  const merges = recordedMerges(path, most)
  const rounds: RuledMerges[] = []
  for (let at = 0; at < merges.length; at += round) {
    const part = merges.slice(at, at + round)
    const name = `${part[0]?.commit} and ${part.length - 1} more`
    rounds.push(await report.once(name, async () => await rulesOnMerges(gitDirectoryOf(path), part)))
    report.say(`${publicName(path)}: ${at + part.length} of ${merges.length}`)
  }
  return rounds
}

function figures(rounds: readonly RuledMerges[], name: string): Figures {
  const sum = (of: (round: RuledMerges) => number): number =>
    rounds.reduce((total, one) => total + of(one), 0)
  const files = rounds.flatMap((round) => round.files)
  const told = (rule: string): string => {
    const own = files.filter((file) => file.rule === rule)
    const count = (fate: string): number => own.filter((file) => file.fate === fate).length
    return `${own.length}: ${count('same')} as recorded, ${count('layout')} with the same lines but for their order and blank ones, ${count('other')} otherwise`
  }
  return {
    [`${name}: merges that conflict, files in them, lockfiles among these`]: `${sum((one) => one.conflicts)} of ${sum((one) => one.merges)}, ${sum((one) => one.conflictFiles)}, ${sum((one) => one.lockfiles)}`,
    [`${name}: merges that rules resolve in whole`]: sum((one) => one.resolved),
    ...Object.fromEntries(
      [...new Set(files.map(({ rule }) => rule))].map((rule) => [`${name}: files by ${rule}`, told(rule)]),
    ),
  }
}
