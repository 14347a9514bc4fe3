/**
 * Shares `room` lines among groups that want `wanted` lines each: in turn, so that no group hides another, two for
 * the first in each turn because it is what people came to see.
 */
export function shareRows(wanted: readonly number[], room: number): number[] {
  const shares = wanted.map(() => 0)
  let left = room
  for (let given = true; given && left > 0; ) {
    given = false
    for (const [at, want] of wanted.entries()) {
      const more = Math.min(at === 0 ? 2 : 1, want - (shares[at] ?? 0), left)
      if (more <= 0) continue
      shares[at] = (shares[at] ?? 0) + more
      left -= more
      given = true
    }
  }
  return shares
}
