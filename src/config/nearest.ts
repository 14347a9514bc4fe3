import { quoted } from './place.ts'

/** A hint for a name that is not known: the known one that most resembles it, then all of them. */
export function nearestHint(name: string, known: readonly string[]): string {
  const wanted = name.slice(0, 100).toLowerCase()
  const [best] = known
    .map((candidate) => ({ candidate, distance: distance(wanted, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const all = `Known here: ${known.join(', ')}.`
  return best === undefined ? `Remove ${quoted(name)}.` : `Did you mean ${best.candidate}? ${all}`
}

/** Nothing for the beginning of a name: `prio` means `priority`, though `key` is fewer changes away. */
function distance(wanted: string, known: string): number {
  return wanted.length > 1 && known.startsWith(wanted) ? 0 : editDistance(wanted, known)
}

/** Levenshtein: how many letters to add, drop or change. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const change = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
