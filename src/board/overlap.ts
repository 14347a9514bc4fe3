import { directoriesOf } from './in-the-way.ts'
import type { TreeChange } from './one-side.ts'

/** Every `path` here is a path as git names it: bytes, held as latin1 text. `asText` makes it one for people. */

/** `lines` 0: an insertion point after `line`, which is then 0 at the top of the file. */
export interface LineRange {
  /** 1-based. */
  readonly line: number
  readonly lines: number
}

/** Where two sides changed the same place of a file: the range of each in its own version. */
export interface OverlapHunk {
  readonly path: string
  readonly ours: LineRange
  readonly theirs: LineRange
}

export interface OverlapFile {
  readonly path: string
  /** Git's stable word, such as `CONFLICT (contents)`, or `case`: names that differ only in case. */
  readonly kind: string
}

export interface Overlap {
  /** [a, b] with a < b, or one task when it is with base. */
  readonly tasks: readonly number[]
  readonly base: boolean
  /** Of the worst file. */
  readonly kind: string
  /** Worst first. */
  readonly files: readonly OverlapFile[]
  readonly hunks: readonly OverlapHunk[]
}

/** Git could not say: not an overlap, and above all not the absence of one. */
export interface Unknown {
  readonly tasks: readonly number[]
  readonly base: boolean
  readonly reason: string
}

/** What one side changed since the merge base, in a form that makes comparing many sides cheap. */
export interface Footprint {
  readonly paths: ReadonlySet<string>
  /** Every directory above one of the paths. */
  readonly above: ReadonlySet<string>
  /** Of paths that the side has, the form in which names that differ only in case are equal, to the path. */
  readonly folded: ReadonlyMap<string, string>
  /** The same of the directories above them. */
  readonly foldedAbove: ReadonlyMap<string, string>
}

/** `changes` from a diff WITHOUT rename detection: a rename counts with both of its names. */
export function footprintOf(changes: Iterable<Pick<TreeChange, 'path' | 'after'>>): Footprint {
  const [paths, above] = [new Set<string>(), new Set<string>()]
  const [folded, foldedAbove] = [new Map<string, string>(), new Map<string, string>()]
  for (const { path, after } of changes) {
    paths.add(path)
    if (after !== null) folded.set(fold(path), path)
    for (const directory of directoriesOf(path)) {
      above.add(directory)
      if (after !== null) foldedAbove.set(fold(directory), directory)
    }
  }
  return { paths, above, folded, foldedAbove }
}

/**
 * False: a merge of the two cannot conflict, so git need not be asked. They may where both changed one path, or a path of one
 * is a directory of the other (`config` and `config/a.json`). Sound for one merge base, and only where
 * merge.directoryRenames=false: with it, moving a directory meets a file that the other side added to it (measured:
 * git 2.39, test/proofs/merge-fuzz.ts).
 */
export function mayConflict(a: Footprint, b: Footprint): boolean {
  const [small, large] = a.paths.size <= b.paths.size ? [a, b] : [b, a]
  return (
    anyOf(small.paths, (path) => large.paths.has(path) || large.above.has(path)) ||
    anyOf(small.above, (directory) => large.paths.has(directory))
  )
}

/**
 * Paths of the two sides that git keeps apart and a file system that ignores case does not (macOS, Windows), in pairs.
 * A path that both sides touched is git's to judge and not told here.
 */
export function caseCollisions(a: Footprint, b: Footprint): [ours: string, theirs: string][] {
  const [found, other] = [meetings(a, b), meetings(b, a)]
  const pairs = [...found, ...other.map(([theirs, ours]): [string, string] => [ours, theirs])]
  const unique = new Map(pairs.map((pair) => [pair.join('\0'), pair]))
  return [...unique.values()].filter(([ours, theirs]) => !b.paths.has(ours) && !a.paths.has(theirs)).sort()
}

/** Paths of `a` that are, but for case, a path or a directory of `b`. */
function meetings(a: Footprint, b: Footprint): [string, string][] {
  const found: [string, string][] = []
  for (const [form, path] of a.folded)
    for (const met of [b.folded.get(form), b.foldedAbove.get(form)])
      if (met !== undefined && met !== path) found.push([path, met])
  return found
}

/** Names that APFS and NTFS take for one, nearly: case, and one letter written in two ways (Unicode NFC and NFD). */
function fold(path: string): string {
  const text = Buffer.from(path, 'latin1').toString('utf8')
  // Bytes that are no UTF-8 would all become the same sign.
  return (text.includes('\ufffd') ? path : text).normalize('NFC').toLowerCase()
}

function anyOf(values: Iterable<string>, holds: (value: string) => boolean): boolean {
  for (const value of values) if (holds(value)) return true
  return false
}

/**
 * From what rearranges trees and takes thought to what a look at some lines solves (the words:
 * `type_short_descriptions` in git's merge-ort.c). A word that is new to us comes before binary files and lines.
 */
const WORST_FIRST = [
  'CONFLICT (file/directory)',
  'CONFLICT (rename involved in collision)',
  'CONFLICT (rename/rename)',
  'CONFLICT (rename/delete)',
  'CONFLICT (modify/delete)',
  'CONFLICT (distinct modes)',
  'another',
  'CONFLICT (binary)',
  'CONFLICT (contents)',
  'case',
]

/** The same files, worst first, then by path; a path comes once, with its worst kind. */
export function worstFirst<T extends OverlapFile>(files: readonly T[]): T[] {
  const sorted = [...files].sort((a, b) => rank(a.kind) - rank(b.kind) || compare(a.path, b.path))
  const seen = new Set<string>()
  return sorted.filter(({ path }) => !seen.has(path) && seen.add(path))
}

function rank(kind: string): number {
  const at = WORST_FIRST.indexOf(kind)
  return at >= 0 ? at : WORST_FIRST.indexOf('another')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
