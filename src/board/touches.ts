/** Glob patterns of the paths that a task expects to change; none: nobody knows. */
export type Touches = readonly string[]

/**
 * Whether a path could match a pattern of both. In doubt it could: a segment with more than `*` and `?` in it counts as
 * one that matches anything, and from the first brace or bracket on, which may hold slashes, anything goes.
 */
export function mayTouchSame(a: Touches, b: Touches): boolean {
  return a.some((one) => b.some((other) => meet(segmentsOf(one), segmentsOf(other), '**', segmentsMeet)))
}

function segmentsOf(pattern: string): string[] {
  const brace = pattern.search(/[{(]/)
  const plain = brace === -1 ? pattern : `${pattern.slice(0, pattern.lastIndexOf('/', brace) + 1)}**`
  // A directory stands for everything in it, and a name without `*` and `?` may be one.
  return plain
    .replace(/\/?$/, /[*?][^/]*$/.test(plain) ? '' : '/**')
    .replace(/^\.?\//, '')
    .split('/')
}

/**
 * Two lists side by side, where `many` takes any number of what is in the other: whether each beginning of one could be
 * that of the other, row by row, so that no pattern takes longer than the product of the two lengths.
 */
function meet(
  a: readonly string[],
  b: readonly string[],
  many: string,
  same: (one: string, other: string) => boolean,
): boolean {
  let above: boolean[] = []
  for (let i = 0; i <= a.length; i++) {
    const row: boolean[] = []
    for (let j = 0; j <= b.length; j++) {
      const [one, other] = [a[i - 1], b[j - 1]]
      const [without, beside, both] = [above[j] === true, row[j - 1] === true, above[j - 1] === true]
      if (one === undefined && other === undefined) row.push(true)
      else if (one === many || other === many) row.push(without || beside)
      else row.push(both && one !== undefined && other !== undefined && same(one, other))
    }
    above = row
  }
  return above[b.length] === true
}

const RICHER = /[[\]{}()!+@|\\]/

function segmentsMeet(a: string, b: string): boolean {
  if (RICHER.test(a) || RICHER.test(b)) return true
  return meet(a.split(''), b.split(''), '*', (one, other) => one === other || one === '?' || other === '?')
}

/** What a task may say that it touches, or why not. Pure text: nothing is looked up. */
export function whyNoPattern(pattern: string): string | null {
  if (pattern.trim() === '' || pattern.length > 300) return 'must be a pattern of at most 300 characters'
  if (pattern.startsWith('/') || pattern.split('/').includes('..')) return 'must stay inside the repository'
  if (/\p{Cc}/u.test(pattern)) return 'must be plain text'
  return isOpen(pattern) ? 'must close its brackets' : null
}

function isOpen(pattern: string): boolean {
  const rest = pattern.replace(/\\./g, '').replace(/\[.[^\]]*\]/g, '')
  const more = (open: string, close: string): boolean => rest.split(open).length > rest.split(close).length
  return rest.includes('[') || more('{', '}') || more('(', ')')
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
