import type { LineRange } from './overlap.ts'

/** A stretch of lines that one side replaced. Positions count from 0; lines 0: inserted or deleted before `start`. */
export interface LineChange {
  readonly base: Stretch
  readonly side: Stretch
  /** The new lines, to tell whether both sides wrote the same. */
  readonly text: string
}

export interface Stretch {
  readonly start: number
  readonly lines: number
}

/**
 * Where two sides' changes of one file touch or overlap in the base, as git's merge takes them for a conflict (xmerge.c
 * of git: changes that only touch collide too); the same change by both is none. Each side's changes come in order and
 * apart from each other. A collision covers the same lines of the base on both sides.
 */
export function collidingHunks(
  ours: readonly LineChange[],
  theirs: readonly LineChange[],
): { readonly ours: LineRange; readonly theirs: LineRange }[] {
  const all = [
    ...ours.map((change) => ({ change, mine: true })),
    ...theirs.map((change) => ({ change, mine: false })),
  ].sort((a, b) => a.change.base.start - b.change.base.start || endOf(a.change.base) - endOf(b.change.base))
  const groups: Group[] = []
  for (const { change, mine } of all) {
    const last = groups.at(-1)
    const group =
      last !== undefined && change.base.start <= last.end ? last : { end: 0, ours: [], theirs: [] }
    if (group !== last) groups.push(group)
    group.end = Math.max(group.end, endOf(change.base))
    group[mine ? 'ours' : 'theirs'].push(change)
  }
  return groups.flatMap((group) => collision(group) ?? [])
}

interface Group {
  end: number
  readonly ours: LineChange[]
  readonly theirs: LineChange[]
}

function collision({ end, ours, theirs }: Group): { ours: LineRange; theirs: LineRange } | null {
  const [first, second] = [ours[0], theirs[0]]
  if (first === undefined || second === undefined) return null
  if (ours.length === 1 && theirs.length === 1 && sameChange(first, second)) return null
  const start = Math.min(first.base.start, second.base.start)
  return { ours: rangeOf(ours, start, end), theirs: rangeOf(theirs, start, end) }
}

function sameChange(a: LineChange, b: LineChange): boolean {
  return a.base.start === b.base.start && a.base.lines === b.base.lines && a.text === b.text
}

/** Where the base's lines from `start` to `end` are on a side. */
function rangeOf(changes: readonly LineChange[], start: number, end: number): LineRange {
  const [first, last] = [changes[0], changes.at(-1)]
  if (first === undefined || last === undefined) return { line: 0, lines: 0 }
  const from = first.side.start - (first.base.start - start)
  const to = endOf(last.side) + (end - endOf(last.base))
  return to > from ? { line: from + 1, lines: to - from } : { line: from, lines: 0 }
}

function endOf({ start, lines }: Stretch): number {
  return start + lines
}
