import type { KeptBeside } from '../../operations/kept-beside.ts'

/** At most so many are told by name; `--json` has all. */
const SHOWN = 5

/** What came out of a lane beside its result, and how to look at it. `label` has the width of the column. */
export function keptLines(kept: readonly KeptBeside[], label: string): string[] {
  const [first] = kept
  if (first === undefined) return []
  const more = kept.length - SHOWN
  return [
    ...kept
      .slice(0, SHOWN)
      .map(({ name, commit, subject }) => `${name} ${commit.slice(0, 7)} ${subject}`.trimEnd()),
    ...(more > 0 ? [`and ${more} more`] : []),
    `Look with: git log ${first.ref}`,
  ].map((line, at) => `${at === 0 ? label : ' '.repeat(label.length)}${line}`)
}
