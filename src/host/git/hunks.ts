import { collidingHunks, type LineChange, type Stretch } from '../../board/colliding-hunks.ts'
import type { OverlapHunk } from '../../board/overlap.ts'
import { Fault } from '../fault.ts'
import { gitBytes, gitLine } from './git.ts'
import type { Stage, StagedFile } from './merge-records.ts'
import { type ObjectStore, objectEnvironment, openQuarantine } from './object-store.ts'

/** Milliseconds for each of the few processes. */
const PATIENCE = 20_000
/** Of all diffs of one side. */
const MOST_BYTES = 32 * 1024 * 1024
const MOST_FILES = 500
const MOST_HUNKS = 50

/**
 * Where the two sides of conflicted files collide, by file; many files, also of several merges, in five processes. A
 * file that both sides added collides as a whole. None for what has no lines to tell: binary files, links, submodules,
 * files that a side has not; none at all where that would take more than `MOST_BYTES` and so on. At most 50 a file.
 * Hunks say where to look, never whether there is a conflict.
 */
export async function hunksOf<T extends StagedFile>(
  store: ObjectStore,
  files: readonly T[],
): Promise<ReadonlyMap<T, readonly OverlapHunk[]>> {
  const told = files.filter(hasLines).slice(0, MOST_FILES)
  if (told.length === 0) return new Map()
  try {
    const { ours, theirs } = await changesOf(store, told)
    return new Map(
      told.map((file, at) => [
        file,
        collidingHunks(ours.get(at) ?? [], theirs.get(at) ?? [])
          .slice(0, MOST_HUNKS)
          .map((hunk) => ({ path: file.path, ...hunk })),
      ]),
    )
  } catch (error) {
    if (error instanceof Fault) return new Map()
    throw error
  }
}

/** What each side changed in each file, by its position among them. */
export async function changesOf(
  store: ObjectStore,
  files: readonly StagedFile[],
): Promise<Record<'ours' | 'theirs', ReadonlyMap<number, readonly LineChange[]>>> {
  await using quarantine = await openQuarantine(store)
  const tree = async (stage: 1 | 2 | 3): Promise<string> =>
    await flatTree(
      quarantine,
      files.map((file) => stageOf(file, stage)),
    )
  const [base, ...sides] = await Promise.all([tree(1), tree(2), tree(3)])
  const [ours = new Map(), theirs = new Map()] = await Promise.all(
    sides.map(async (side) => await lineChanges(quarantine, base, side)),
  )
  return { ours, theirs }
}

function hasLines({ stages }: StagedFile): boolean {
  const has = (stage: 2 | 3): boolean => stages.some((one) => one.stage === stage)
  return has(2) && has(3) && stages.every(({ mode }) => mode.startsWith('100'))
}

export function stageOf({ stages }: StagedFile, stage: 1 | 2 | 3): Stage | undefined {
  return stages.find((one) => one.stage === stage)
}

/** A tree whose files are named by their position. */
async function flatTree(store: ObjectStore, stages: readonly (Stage | undefined)[]): Promise<string> {
  const lines = stages.map((stage, at) => (stage === undefined ? '' : `100644 blob ${stage.object}\t${at}\n`))
  const options = { input: lines.join(''), writes: true, timeout: PATIENCE, env: objectEnvironment(store) }
  return await gitLine({ gitDir: store.commonDir }, ['mktree', '--missing'], options)
}

/** What a side changed in each file, by position: git's own diff for merges is histogram (merge-ort.c). */
async function lineChanges(
  store: ObjectStore,
  base: string,
  side: string,
): Promise<Map<number, LineChange[]>> {
  const { stdout } = await gitBytes(
    { gitDir: store.commonDir },
    [
      ...['diff-tree', '-p', '-U0', '--no-renames', '--no-ext-diff', '--no-textconv', '--no-color'],
      ...['--diff-algorithm=histogram', '--inter-hunk-context=0', '--src-prefix=', '--dst-prefix='],
      ...[base, side, '--'],
    ],
    { timeout: PATIENCE, mostBytes: MOST_BYTES, env: objectEnvironment(store) },
  )
  return readChanges(stdout)
}

/** Lines of a diff without context; of the content only lines that begin with `+`, `-` or a backslash appear. */
function readChanges(diff: string): Map<number, LineChange[]> {
  const files = new Map<number, LineChange[]>()
  let changes: LineChange[] = []
  for (const part of diff.split(/\n(?=diff --git |@@ -)/)) {
    const [head = '', ...body] = part.split('\n')
    const name = /^diff --git (\d+) /.exec(head)?.[1]
    if (name !== undefined) {
      changes = []
      files.set(Number(name), changes)
    }
    const header = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(head)
    if (header === null) continue
    const [, start, lines, newStart, newLines] = header
    const text = body.filter((line) => !line.startsWith('-')).join('\n')
    changes.push({ base: stretch(start, lines), side: stretch(newStart, newLines), text })
  }
  return files
}

/** A diff counts from 1, and names the line before where there are none. */
function stretch(start: string | undefined, lines = '1'): Stretch {
  return { start: Number(start) - (lines === '0' ? 0 : 1), lines: Number(lines) }
}
