import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import picomatch from 'picomatch'
import type { LineChange } from '../../board/colliding-hunks.ts'
import { type MergedLines, mergeLines, type ResolveRule } from '../../board/line-merge.ts'
import { sameEntry, type TreeChange } from '../../board/one-side.ts'
import { type GitPlace, git, gitBytes, gitLine } from './git.ts'
import { changesOf, stageOf } from './hunks.ts'
import { mergeBases } from './merge.ts'
import { mergeBatch } from './merge-batch.ts'
import type { Stage, StagedFile } from './merge-records.ts'
import { asText } from './path-bytes.ts'
import { type SharedPlace, treeDiff } from './tree-diff.ts'

export interface ResolveRules {
  /** Patterns for names of files in which what both sides insert at one place is kept. */
  readonly changelogs: readonly string[]
}

/** A file that git called a conflict. */
export interface ResolvedFile {
  readonly path: string
  readonly rule: ResolveRule
}

export interface Resolution {
  readonly tree: string
  readonly files: readonly ResolvedFile[]
}

/** Written by programs, as a whole: lines of both sides together are what neither would write. */
const MADE = ['*.lock', '*.lockb', '*-lock.*', '*.snap', 'npm-shrinkwrap.json', 'go.sum']

/** More conflicts than that are for somebody who understands them. */
const MOST_FILES = 20
/** Bytes of one file. */
const LARGEST = 4 * 1024 * 1024

/**
 * The tree of a merge that conflicts, where the rules resolve every conflict in it. Null: they do not. Only files that
 * the base and both sides have under the same name, with lines: whatever was renamed, deleted or added by both is left
 * alone, and so is a merge with several bases.
 */
export async function resolveConflicts(
  place: SharedPlace,
  sides: { readonly ours: string; readonly theirs: string },
  rules: ResolveRules,
): Promise<Resolution | null> {
  const { ours, theirs } = sides
  const [base, ...others] = await mergeBases(place, ours, theirs)
  if (base === undefined || others.length > 0) return null
  const store = { commonDir: place.commonDir, objects: join(place.commonDir, 'objects') }
  const merged = (await mergeBatch(store, [{ key: 'merge', ...sides }], { keep: true })).get('merge')
  if (merged?.kind !== 'conflict' || merged.files.length === 0 || merged.files.length > MOST_FILES)
    return null
  const changes = await Promise.all([ours, theirs].map(async (side) => await treeDiff(place, base, side)))
  const files = merged.files.flatMap((file) => plainConflict(file, changes) ?? [])
  if (files.length < merged.files.length) return null
  const lines = await changesOf(store, merged.files)
  const resolved: Written[] = []
  for (const [at, file] of files.entries()) {
    const edits = { ours: lines.ours.get(at) ?? [], theirs: lines.theirs.get(at) ?? [] }
    const made = await mergeFile(place, file, { ...edits, keepBoth: isNamed(file.path, rules.changelogs) })
    if (made === null) return null
    const { path, mode } = file
    resolved.push({ path, mode, rule: made.rule, object: await writeBlob(place, made.text) })
  }
  return {
    tree: await replaceIn(place, merged.tree, resolved),
    files: resolved.map(({ path, rule }) => ({ path: asText(path), rule })),
  }
}

interface PlainConflict {
  /** Bytes. */
  readonly path: string
  readonly mode: string
  /** Object ids of the three versions. */
  readonly versions: readonly [base: string, ours: string, theirs: string]
}

interface Written {
  readonly path: string
  readonly mode: string
  readonly object: string
  readonly rule: ResolveRule
}

function plainConflict(file: StagedFile, changes: readonly (readonly TreeChange[])[]): PlainConflict | null {
  const [base, ours, theirs] = ([1, 2, 3] as const).map((stage) => stageOf(file, stage))
  if (
    file.kind !== 'CONFLICT (contents)' ||
    isNamed(file.path, MADE) ||
    !base ||
    !ours ||
    !theirs ||
    file.stages.length !== 3
  )
    return null
  if (![base, ours, theirs].every(({ mode }) => mode === '100644' || mode === '100755')) return null
  const own = [ours, theirs].every((side, at) => {
    const change = changes[at]?.find(({ path }) => path === file.path)
    return change !== undefined && isStage(change.before, base) && isStage(change.after, side)
  })
  const mode = ours.mode === base.mode ? theirs.mode : ours.mode
  return own ? { path: file.path, mode, versions: [base.object, ours.object, theirs.object] } : null
}

function isStage(entry: TreeChange['before'], { mode, object }: Stage): boolean {
  return sameEntry(entry, { mode, object })
}

function isNamed(path: string, patterns: readonly string[]): boolean {
  const name = basename(asText(path))
  return patterns.some((pattern) => picomatch.isMatch(name, pattern, { nocase: true, nonegate: true }))
}

async function mergeFile(
  place: SharedPlace,
  { versions }: PlainConflict,
  how: Record<'ours' | 'theirs', readonly LineChange[]> & { readonly keepBoth: boolean },
): Promise<MergedLines | null> {
  const texts = await Promise.all(versions.map(async (object) => await readBlob(place, object)))
  if (texts.some((text) => text.length > LARGEST || text.includes('\0'))) return null
  const [base = [], ours = [], theirs = []] = texts.map(linesOf)
  const { keepBoth } = how
  return mergeLines(
    base,
    { lines: ours, edits: how.ours },
    { lines: theirs, edits: how.theirs },
    { keepBoth },
  )
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/)
}

/** Bytes as latin1 text. */
async function readBlob(place: SharedPlace, object: string): Promise<string> {
  return (await gitBytes({ gitDir: place.commonDir }, ['cat-file', 'blob', object])).stdout
}

async function writeBlob(place: SharedPlace, text: string): Promise<string> {
  const input = Buffer.from(text, 'latin1')
  const args = ['hash-object', '-w', '--no-filters', '--stdin']
  return await gitLine({ gitDir: place.commonDir }, args, { input, writes: true })
}

/** The tree with other files at these paths, made in an index that is thrown away. */
async function replaceIn(place: SharedPlace, tree: string, files: readonly Written[]): Promise<string> {
  const aside = await mkdtemp(join(tmpdir(), 'worklane-resolve-'))
  try {
    const index: GitPlace = { gitDir: place.commonDir, indexFile: join(aside, 'index') }
    const lines = files.map(({ mode, object, path }) => `${mode} ${object}\t${path}\0`).join('')
    await git(index, ['read-tree', tree], { writes: true })
    await git(index, ['update-index', '-z', '--index-info'], {
      input: Buffer.from(lines, 'latin1'),
      writes: true,
    })
    return await gitLine(index, ['write-tree'], { writes: true })
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}
