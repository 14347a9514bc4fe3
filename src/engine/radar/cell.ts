import {
  caseCollisions,
  type Footprint,
  type OverlapFile,
  type OverlapHunk,
  worstFirst,
} from '../../board/overlap.ts'
import { hunksOf } from '../../host/git/hunks.ts'
import type { BatchAnswer } from '../../host/git/merge-batch.ts'
import type { StagedFile } from '../../host/git/merge-records.ts'
import type { ObjectStore } from '../../host/git/object-store.ts'

/** What is known of two sides; paths are bytes (host/git/path-bytes.ts). */
export type Cell =
  | { readonly kind: 'clean' }
  | {
      readonly kind: 'overlap'
      readonly files: readonly OverlapFile[]
      readonly hunks: readonly OverlapHunk[]
    }
  | { readonly kind: 'unknown'; readonly reason: string }

export const CLEAN: Cell = { kind: 'clean' }

/** An answer of git's, and what else is to be said of the two sides. */
export interface Judged {
  readonly key: string
  /** Undefined: git need not be asked. */
  readonly answer: BatchAnswer | undefined
  /** Names that differ only in case. */
  readonly collisions: readonly (readonly [ours: string, theirs: string])[]
  /** Whether a conflict in this file is between these two. Default: it is. */
  readonly counts?: (path: string) => boolean
}

/** Cells by key, with the lines of all of them asked for at once. */
export async function cellsOf(
  { objects, lines }: Lines,
  judged: readonly Judged[],
): Promise<ReadonlyMap<string, Cell>> {
  const files = new Map(
    judged.map(({ key, answer, counts = () => true }) => [
      key,
      answer?.kind === 'conflict' ? answer.files.filter(({ path }) => counts(path)) : [],
    ]),
  )
  const hunks = await knownHunks({ objects, lines }, [...files.values()].flat())
  return new Map(
    judged.map(({ key, answer, collisions }): [string, Cell] => {
      if (answer?.kind === 'unknown') return [key, answer]
      const own = files.get(key) ?? []
      const named = own.map(({ path, kind }) => ({ path, kind }))
      // Git has been seen to tell of a conflict and name no file of it.
      const nameless = answer?.kind === 'conflict' && answer.files.length === 0
      const all = worstFirst([...named, ...collisions.flat().map((path) => ({ path, kind: 'case' }))])
      if (all.length === 0 && !nameless) return [key, CLEAN]
      return [key, { kind: 'overlap', files: all, hunks: own.flatMap((file) => hunks.get(file) ?? []) }]
    }),
  )
}

/** Lines by the contents that collide: a lane that changes elsewhere has the same ones as before. */
export interface Lines {
  readonly objects: ObjectStore
  readonly lines: Map<string, readonly OverlapHunk[]>
}

const MOST_LINES = 10_000

async function knownHunks(
  { objects, lines }: Lines,
  files: readonly StagedFile[],
): Promise<ReadonlyMap<StagedFile, readonly OverlapHunk[]>> {
  const keyOf = ({ path, stages }: StagedFile): string =>
    [path, ...stages.map(({ stage, object }) => `${stage} ${object}`)].join('\0')
  if (lines.size > MOST_LINES) lines.clear()
  const missing = files.filter((file) => !lines.has(keyOf(file)))
  for (const [file, hunks] of await hunksOf(objects, missing)) lines.set(keyOf(file), hunks)
  return new Map(files.map((file) => [file, lines.get(keyOf(file)) ?? []]))
}

export function collisionsOf(a: Footprint, b: Footprint): [ours: string, theirs: string][] {
  return a.folded.size === 0 || b.folded.size === 0 ? [] : caseCollisions(a, b)
}
