/**
 * A stack is commits c1 … cn on base, each with one landing more than the one before. Prefix k is ck: base with the
 * first k of them. Prefixes are verified until the longest green one is known and the entry after it is what fails.
 */
export interface StackSight {
  /** How many entries the stack has. */
  readonly length: number
  /** What the checks said of a prefix, by its number of entries. */
  readonly results: ReadonlyMap<number, 'green' | 'red'>
  /** Prefixes that are being verified. */
  readonly running: readonly number[]
  /** How many can be verified at once. */
  readonly slots: number
  /** Each prefix has to be green by itself, not only the one that base moves to. */
  readonly everyCommit: boolean
}

export interface StackPlan {
  /** The longest prefix that may land; 0: none yet. */
  readonly green: number
  /** The entry without which everything up to it is green; null: not known yet, or none. */
  readonly culprit: number | null
  /** Prefixes to verify now, and runs that would tell nothing new. */
  readonly start: readonly number[]
  readonly stop: readonly number[]
}

/** Pure. With one slot: the whole stack first, then halves. With more: evenly spaced, the whole stack always among them. */
export function planSearch(sight: StackSight): StackPlan {
  const { length, results, running, slots, everyCommit } = sight
  const green = everyCommit ? greenInARow(results) : longest(results, 'green')
  const red = Math.min(...positions(results, 'red').filter((at) => at > green), length + 1)
  const useful = running.filter((at) => at > green && at < red)
  const stop = running.filter((at) => !useful.includes(at))
  const culprit = red === green + 1 && red <= length ? red : null
  if (culprit !== null || green === length) return { green, culprit, start: [], stop: [...running] }
  const start: number[] = []
  while (useful.length + start.length < slots) {
    const taken = [...useful, ...start]
    const next = everyCommit ? lowest({ green, red, taken, results }) : widest({ green, red, length, taken })
    if (next === null) break
    start.push(next)
  }
  return { green, culprit, start, stop }
}

function positions(results: StackSight['results'], wanted: 'green' | 'red'): number[] {
  return [...results].filter(([, result]) => result === wanted).map(([at]) => at)
}

function longest(results: StackSight['results'], wanted: 'green' | 'red'): number {
  return Math.max(0, ...positions(results, wanted))
}

function greenInARow(results: StackSight['results']): number {
  let green = 0
  while (results.get(green + 1) === 'green') green += 1
  return green
}

interface Region {
  readonly green: number
  /** The shortest red prefix; one more than the stack has: none is red. */
  readonly red: number
  readonly taken: readonly number[]
}

function lowest({ green, red, taken, results }: Region & Pick<StackSight, 'results'>): number | null {
  for (let at = green + 1; at < red; at += 1) if (!taken.includes(at) && !results.has(at)) return at
  return null
}

/** The whole stack while nothing is red; else the middle of the widest stretch between what is known or under way. */
function widest({ green, red, length, taken }: Region & { readonly length: number }): number | null {
  if (red > length && !taken.includes(length)) return length
  const marks = [green, ...taken, red].sort((a, b) => a - b)
  let best: readonly [from: number, to: number] = [0, 0]
  for (const [at, mark] of marks.slice(1).entries()) {
    const from = marks[at] ?? 0
    if (mark - from > best[1] - best[0]) best = [from, mark]
  }
  return best[1] - best[0] < 2 ? null : Math.ceil((best[0] + best[1]) / 2)
}

/** How many landings are stacked at most. */
const SIZES = [1, 2, 4, 8, 16, 32] as const

/**
 * The number of entries with which the fewest rounds of verify runs go into one landing, when each entry fails with
 * `rate` on its own: rounds of a search, divided by the entries that land by it.
 */
export function batchSize(rate: number, slots: number): number {
  const cost = (n: number): number => roundsPerSearch(n, rate, slots) / landedPerSearch(n, rate)
  return SIZES.reduce<number>((best, n) => (cost(n) < cost(best) ? n : best), 1)
}

/** One for the whole stack, and when that is red one for each time that the stretch in question is divided. */
function roundsPerSearch(n: number, rate: number, slots: number): number {
  const divisions = Math.max(0, Math.log(n / slots) / Math.log(slots + 1))
  return 1 + (1 - (1 - rate) ** n) * divisions
}

function landedPerSearch(n: number, rate: number): number {
  const fine = 1 - rate
  let landed = n * fine ** n
  for (let culprit = 2; culprit <= n; culprit += 1) landed += (culprit - 1) * fine ** (culprit - 1) * rate
  return landed
}

/** Verify runs for each landing by that reckoning, with one slot. */
export function runsPerLanding(n: number, rate: number): number {
  return roundsPerSearch(n, rate, 1) / landedPerSearch(n, rate)
}

/** What is assumed of agents whose work was never verified here: one of twenty fails. */
const ASSUMED = { failed: 1, of: 20 }

/** How often what is handed in fails, from how the last landings ended. */
export function failureRate({
  landed,
  rejected,
}: {
  readonly landed: number
  readonly rejected: number
}): number {
  return (rejected + ASSUMED.failed) / (landed + rejected + ASSUMED.of)
}
