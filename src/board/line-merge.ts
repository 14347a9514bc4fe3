import type { Stretch } from './colliding-hunks.ts'

/** A stretch of the base's lines that a side replaced by a stretch of its own. */
export interface LineEdit {
  readonly base: Stretch
  readonly side: Stretch
}

/** One side of a merge: its lines with their ends, and its edits, in order and apart from each other. */
export interface EditedLines {
  readonly lines: readonly string[]
  readonly edits: readonly LineEdit[]
}

export interface LineMergeRules {
  /** Where both sides only insert, what both insert at one place stays, ours first: what changelogs want. */
  readonly keepBoth: boolean
}

/** By which rule a file was resolved that git calls a conflict. */
export type ResolveRule = 'adjacent-lines' | 'changelog'

export interface MergedLines {
  readonly text: string
  readonly rule: ResolveRule
}

/**
 * A three-way merge of lines that takes changes of both sides which only touch, where git sees a conflict (xmerge.c of
 * git). Null: a person or an agent has to say. That is: the sides change the same lines, insert at the same place,
 * one extends what the other deletes, or neighbours that both bring hold the same line, which would then be there twice.
 * Every line that a side inserted is in the result, in its order.
 */
export function mergeLines(
  base: readonly string[],
  ours: EditedLines,
  theirs: EditedLines,
  rules: LineMergeRules,
): MergedLines | null {
  if (![ours, theirs].every((side) => isWhole(base, side))) return null
  const edits = [...placed(ours, 'ours'), ...placed(theirs, 'theirs')].sort(inOrder)
  const keepBoth = rules.keepBoth && edits.every(({ length }) => length === 0)
  const out: string[] = []
  let rule: ResolveRule = 'adjacent-lines'
  let at = 0
  let last: Placed | null = null
  for (const edit of edits) {
    const met: Meeting = last === null ? 'apart' : meet(last, edit)
    if (met === 'same') continue
    if (met === 'insertions' && keepBoth && last !== null) {
      out.splice(out.length - last.text.length, last.text.length, ...bothOf(last.text, edit.text))
      rule = 'changelog'
      continue
    }
    if (met !== 'apart' && met !== 'touching') return null
    out.push(...base.slice(at, edit.start), ...edit.text)
    at = edit.start + edit.length
    last = edit
  }
  out.push(...base.slice(at))
  // A last line without an end cannot have another behind it.
  return out.slice(0, -1).every((line) => line.endsWith('\n')) ? { text: out.join(''), rule } : null
}

interface Placed {
  readonly side: 'ours' | 'theirs'
  /** In the base. */
  readonly start: number
  readonly length: number
  readonly text: readonly string[]
}

function placed({ lines, edits }: EditedLines, side: Placed['side']): Placed[] {
  return edits.map((edit) => ({
    side,
    start: edit.base.start,
    length: edit.base.lines,
    text: lines.slice(edit.side.start, edit.side.start + edit.side.lines),
  }))
}

/** Where both stand at one place, ours goes first. */
function inOrder(a: Placed, b: Placed): number {
  return a.start - b.start || a.length - b.length || (a.side === b.side ? 0 : a.side === 'ours' ? -1 : 1)
}

type Meeting = 'apart' | 'touching' | 'same' | 'insertions' | 'collision'

/** How an edit stands to the one before it. */
function meet(before: Placed, edit: Placed): Meeting {
  const end = before.start + before.length
  if (edit.start > end) return 'apart'
  const alike = edit.start === before.start && edit.length === before.length
  if (alike && sameLines(edit.text, before.text)) return 'same'
  if (alike && edit.length === 0) return 'insertions'
  if (edit.start < end || edit.side === before.side) return 'collision'
  return extendsDeleted(before, edit) || sharesLine(before.text, edit.text) ? 'collision' : 'touching'
}

function extendsDeleted(a: Placed, b: Placed): boolean {
  const inserts = ({ length }: Placed): boolean => length === 0
  const deletes = ({ text }: Placed): boolean => text.length === 0
  return (inserts(a) && deletes(b)) || (deletes(a) && inserts(b))
}

function sharesLine(a: readonly string[], b: readonly string[]): boolean {
  const known = new Set(a.map((line) => line.trim()).filter((line) => /\w/.test(line)))
  return b.some((line) => known.has(line.trim()))
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at])
}

/** What both begin and end with, such as the heading of a release, is there once. */
function bothOf(ours: readonly string[], theirs: readonly string[]): string[] {
  const shorter = Math.min(ours.length, theirs.length)
  let head = 0
  while (head < shorter && ours[head] === theirs[head]) head += 1
  let tail = 0
  while (tail < shorter - head && ours.at(-1 - tail) === theirs.at(-1 - tail)) tail += 1
  return [...ours.slice(0, ours.length - tail), ...theirs.slice(head)]
}

/** Whether the edits lead from the base to exactly the side's lines: a diff that was misread merges nothing. */
function isWhole(base: readonly string[], { lines, edits }: EditedLines): boolean {
  const made: string[] = []
  let at = 0
  for (const edit of edits) {
    if (edit.base.start < at) return false
    made.push(...base.slice(at, edit.base.start))
    if (made.length !== edit.side.start) return false
    made.push(...lines.slice(edit.side.start, edit.side.start + edit.side.lines))
    at = edit.base.start + edit.base.lines
  }
  made.push(...base.slice(at))
  return sameLines(made, lines)
}
