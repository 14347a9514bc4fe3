import type { Overlap, OverlapHunk, Unknown } from './overlap.ts'

/** Two tasks, the lower first, or one and null: with base. */
export interface OverlapKey {
  readonly taskId: number
  readonly otherId: number | null
}

/** An overlap as it is written down. */
export interface KnownOverlap extends OverlapKey, Pick<Overlap, 'kind' | 'files' | 'hunks'> {
  readonly id: number
}

export interface OverlapChanges {
  /** The heaviest first: in this order agents read of them. */
  readonly found: readonly Overlap[]
  /** Still there, and not as it was. */
  readonly changed: readonly { readonly known: KnownOverlap; readonly now: Overlap }[]
  readonly gone: readonly KnownOverlap[]
}

export function keyOf({ tasks, base }: Pick<Overlap, 'tasks' | 'base'>): OverlapKey {
  const [taskId = 0, otherId] = tasks
  return { taskId, otherId: base ? null : (otherId ?? null) }
}

/** What a look changes in what was known. What it could not see stays as it was. */
export function overlapChanges(
  known: readonly KnownOverlap[],
  look: { readonly overlaps: readonly Overlap[]; readonly unknown: readonly Unknown[] },
): OverlapChanges {
  const before = new Map(known.map((one) => [word(one), one]))
  const now = new Map(look.overlaps.map((one) => [word(keyOf(one)), one]))
  const dark = new Set(look.unknown.map((one) => word(keyOf(one))))
  return {
    found: [...now]
      .flatMap(([key, one]) => (before.has(key) ? [] : [one]))
      .sort((a, b) => weight(b) - weight(a)),
    changed: [...now].flatMap(([key, one]) => {
      const was = before.get(key)
      return was === undefined || isSame(was, one) ? [] : [{ known: was, now: one }]
    }),
    gone: [...before].flatMap(([key, one]) => (now.has(key) || dark.has(key) ? [] : [one])),
  }
}

/** How much of a conflict it is: places in files, and files without any, such as deleted ones. */
function weight({ files, hunks }: Overlap): number {
  const placed = new Set(hunks.map(({ path }) => path))
  return hunks.length + files.filter((file) => isReal(file) && !placed.has(file.path)).length
}

function word({ taskId, otherId }: OverlapKey): string {
  return `${taskId} ${otherId}`
}

function isSame(a: Pick<Overlap, 'files' | 'hunks'>, b: Pick<Overlap, 'files' | 'hunks'>): boolean {
  return JSON.stringify([a.files, a.hunks]) === JSON.stringify([b.files, b.hunks])
}

/** A conflict that git predicts; names that differ in case only are none where the repository lies. */
export function isReal({ kind }: Pick<Overlap, 'kind'>): boolean {
  return kind.startsWith('CONFLICT')
}

/** With this a note about another task begins, so that a newer one takes its place. */
export function noteStart(other: number): string {
  return `Task ${other} `
}

const MOST_FILES = 8
const MOST_HUNKS = 4

/** What the agent of one of two tasks is told. Short: it goes into every later prompt. */
export function overlapNote(
  { files, hunks }: Pick<Overlap, 'files' | 'hunks'>,
  {
    other,
    subject,
    isFirst,
  }: { readonly other: number; readonly subject: string; readonly isFirst: boolean },
): string {
  const real = files.filter(isReal)
  const lines = real.slice(0, MOST_FILES).map(({ path, kind }) => {
    const own = hunks.filter((hunk) => hunk.path === path).slice(0, MOST_HUNKS)
    const where = own.map((hunk) => {
      const [here, there] = isFirst ? [hunk.ours, hunk.theirs] : [hunk.theirs, hunk.ours]
      return `${linesOf(here)} here, ${linesOf(there)} there`
    })
    return `- ${path}: ${where.length === 0 ? inWords(kind) : where.join('; ')}`
  })
  const more = real.length > MOST_FILES ? [`- and ${real.length - MOST_FILES} more files`] : []
  return [
    `${noteStart(other)}("${subject}") is at work on the same places; whoever lands second will have a conflict:`,
    ...lines,
    ...more,
    'Change no more there than your task needs.',
  ].join('\n')
}

/** `hasLanded`: the other's change is part of base now. */
export function overlapGoneNote(other: number, subject: string, hasLanded: boolean): string {
  const end = hasLanded ? 'has landed with its change of the same places' : 'is no longer in the way'
  return `${noteStart(other)}("${subject}") ${end}.`
}

/** `lines 10-14`; where nothing is left or was added, the line behind which it is. */
export function linesOf({ line, lines }: OverlapHunk['ours']): string {
  if (lines === 0) return line === 0 ? 'the beginning' : `after line ${line}`
  return lines === 1 ? `line ${line}` : `lines ${line}-${line + lines - 1}`
}

/** `CONFLICT (modify/delete)` → `modify/delete`. */
export function inWords(kind: string): string {
  return /^CONFLICT \((.*)\)$/.exec(kind)?.[1] ?? (kind === 'case' ? 'names differ only in case' : kind)
}
