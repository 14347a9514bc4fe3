/** Glob patterns of the paths that a task expects to change; none: nobody knows. */
export type Touches = readonly string[]

/**
 * Whether a path could match a pattern of both. In doubt it could: a segment with more than `*` and `?` in it counts as
 * one that matches anything, and from the first brace or bracket on, which may hold slashes, anything goes.
 */
export function mayTouchSame(a: Touches, b: Touches): boolean {
  return a.some((one) => b.some((other) => meet(segmentsOf(one), segmentsOf(other))))
}

function segmentsOf(pattern: string): string[] {
  const brace = pattern.search(/[{(]/)
  const plain = brace === -1 ? pattern : `${pattern.slice(0, pattern.lastIndexOf('/', brace) + 1)}**`
  // A directory stands for everything in it.
  return plain
    .replace(/\/$/, '/**')
    .replace(/^\.?\//, '')
    .split('/')
}

/** Two lists of segments side by side; `**` takes any number of them. */
function meet(a: readonly string[], b: readonly string[]): boolean {
  const [first, ...rest] = a
  const [second, ...others] = b
  if (first === undefined && second === undefined) return true
  if (first === '**') return meet(rest, b) || (second !== undefined && meet(a, others))
  if (second === '**') return meet(a, others) || (first !== undefined && meet(rest, b))
  if (first === undefined || second === undefined) return false
  return segmentsMeet(first, second) && meet(rest, others)
}

const WILD = /[*?]/
const RICHER = /[[\]{}()!+@|\\]/

function segmentsMeet(a: string, b: string): boolean {
  if (RICHER.test(a) || RICHER.test(b)) return true
  if (!WILD.test(a)) return matches(a, b)
  if (!WILD.test(b)) return matches(b, a)
  // Two wild ones: only what they begin and end with can keep them apart.
  const [startA, startB, endA, endB] = [
    a.split(WILD, 1)[0],
    b.split(WILD, 1)[0],
    tail(a),
    tail(b),
  ] as string[]
  return (
    fits(startA, startB, (long, short) => long.startsWith(short)) &&
    fits(endA, endB, (long, short) => long.endsWith(short))
  )
}

function tail(segment: string): string {
  return segment.split(WILD).at(-1) ?? ''
}

function fits(a = '', b = '', holds: (long: string, short: string) => boolean): boolean {
  return a.length >= b.length ? holds(a, b) : holds(b, a)
}

function matches(name: string, pattern: string): boolean {
  const source = pattern.replace(/[.^$]/g, '\\$&').replace(/\*+/g, '.*').replace(/\?/g, '.')
  return new RegExp(`^${source}$`, 's').test(name)
}

/** What a task may say that it touches, or why not. Pure text: nothing is looked up. */
export function whyNoPattern(pattern: string): string | null {
  if (pattern.trim() === '' || pattern.length > 300) return 'must be a pattern of at most 300 characters'
  if (pattern.startsWith('/') || pattern.split('/').includes('..')) return 'must stay inside the repository'
  return /\p{Cc}/u.test(pattern) ? 'must be plain text' : null
}

/** A task that could be started. */
export interface Startable {
  readonly id: number
  readonly touches: Touches
  /** How many that come after it were started while it was ready. */
  readonly overtaken: number
}

/** So often others go first; then a task has its turn, whatever it collides with. */
const MOST_OVERTAKEN = 10

/**
 * The order to start tasks in: as given, but those that would work on the same places as what is at work, or as one that
 * goes before them, come last. They are started all the same where nothing else is left.
 */
export function withoutCollisions(ready: readonly Startable[], atWork: readonly Touches[]): number[] {
  const first: Startable[] = []
  const later: Startable[] = []
  for (const task of ready) {
    const busy = [...atWork, ...first.map(({ touches }) => touches)]
    const collides = task.touches.length > 0 && busy.some((touches) => mayTouchSame(task.touches, touches))
    ;(collides && task.overtaken < MOST_OVERTAKEN ? later : first).push(task)
  }
  return [...first, ...later].map(({ id }) => id)
}
