import { availableParallelism } from 'node:os'
import { emptyDirectory } from './empty-directory.ts'
import { gitBytes } from './git.ts'
import { MERGE_CONFIG } from './merge.ts'
import { type MergeRecord, readMergeRecords, type StagedFile } from './merge-records.ts'
import { type ObjectStore, objectEnvironment, openQuarantine } from './object-store.ts'
import { type MergePair, unmergeable } from './readable.ts'

/** As `MergeAnswer`, with what git kept of each conflicted file; paths are bytes (path-bytes.ts). */
export type BatchAnswer =
  | { readonly kind: 'clean'; readonly tree: string }
  | { readonly kind: 'conflict'; readonly tree: string; readonly files: readonly StagedFile[] }
  | { readonly kind: 'unknown'; readonly reason: string }

export interface BatchOptions {
  /** The trees stay in the store. Default: they are gone when the answer comes. */
  readonly keep?: boolean
  /** The two commits of each pair are known to have one in common: what cannot be read is looked for meanwhile. */
  readonly related?: boolean
  /** Milliseconds for all of it; pairs that are not merged by then are unknown. Default: five minutes. */
  readonly timeout?: number
  /** Milliseconds for one process. Default: one minute. */
  readonly patience?: number
  readonly signal?: AbortSignal
}

/** Pairs to a process: what a crash takes away is little, and a start (3 ms) is little beside them (1 ms each). */
const CHUNK = 96
/** Below it a second process does not pay. */
const WORTH_TWO = 32
/** Milliseconds, for one process and for all. */
const PATIENCE = 60_000
const ALL = 5 * 60_000
/** Bytes of answers of one process; a conflicted file takes some 250. */
const MOST_BYTES = 64 * 1024 * 1024
/** For one piece of memory: git reads whole files to merge them, and gives up beyond it (wrapper.c of git). */
const MOST_MEMORY = '1g'

/**
 * Merges many pairs of commits, whose keys differ, by few git processes, without touching a worktree or the
 * repository. Each key has an answer. Git failing, crashing or taking too long at one pair makes that pair unknown;
 * the others are merged all the same. Attributes and merge drivers of the project do not apply (see `mergeTrees`).
 */
export async function mergeBatch(
  store: ObjectStore,
  pairs: readonly MergePair[],
  options: BatchOptions = {},
): Promise<ReadonlyMap<string, BatchAnswer>> {
  const answers = new Map<string, BatchAnswer>()
  if (pairs.length === 0) return answers
  const checked = unmergeable(store, pairs)
  // Waited for in the end.
  checked.catch(() => undefined)
  const left = options.related === true ? new Map<string, string>() : await checked
  const open = pairs.filter(({ key }) => !left.has(key))
  const deadline = performance.now() + (options.timeout ?? ALL)
  const workTree = await emptyDirectory(store)
  await using quarantine = options.keep === true ? null : await openQuarantine(store)
  const run: Run = {
    store: quarantine ?? store,
    workTree,
    deadline,
    patience: options.patience ?? PATIENCE,
    signal: options.signal,
  }
  const queue = chunksOf(open)
  const worker = async (): Promise<void> => {
    for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift())
      queue.unshift(...(await mergeChunk(run, chunk, answers)))
  }
  await Promise.all(Array.from({ length: workersFor(open.length) }, worker))
  for (const [key, reason] of await checked) answers.set(key, { kind: 'unknown', reason })
  return answers
}

interface Run {
  readonly store: ObjectStore
  /** An empty directory to stand in. */
  readonly workTree: string
  /** By `performance.now()`. */
  readonly deadline: number
  readonly patience: number
  readonly signal: AbortSignal | undefined
}

function workersFor(pairs: number): number {
  return pairs < WORTH_TWO ? 1 : Math.min(2, availableParallelism())
}

function chunksOf(pairs: readonly MergePair[]): (readonly MergePair[])[] {
  const size = Math.min(CHUNK, Math.ceil(pairs.length / workersFor(pairs.length)))
  const chunks: (readonly MergePair[])[] = []
  for (let at = 0; at < pairs.length; at += size) chunks.push(pairs.slice(at, at + size))
  return chunks
}

/** Puts down what one process answers; gives back what is to be tried again. */
async function mergeChunk(
  run: Run,
  chunk: readonly MergePair[],
  answers: Map<string, BatchAnswer>,
): Promise<(readonly MergePair[])[]> {
  const put = (pair: MergePair | undefined, answer: BatchAnswer): void => {
    if (pair !== undefined) answers.set(pair.key, answer)
  }
  const left = run.deadline - performance.now()
  if (left <= 0) {
    for (const pair of chunk) put(pair, { kind: 'unknown', reason: 'There was no time left to merge it.' })
    return []
  }
  const { records, exitCode, said } = await mergeTreeBatch(run, chunk, Math.min(left, run.patience))
  for (const [at, record] of records.entries()) put(chunk[at], answerOf(record))
  const [next, ...others] = chunk.slice(records.length)
  if (next === undefined) return []
  // A git that gives up says first what it has; one that is killed takes some answers with it.
  if (exitCode !== KILLED || chunk.length === 1) {
    const reason = `git merge-tree gave no result (${exitCode === KILLED ? 'killed, or too slow' : `exit ${exitCode}`}): ${said}`
    put(next, { kind: 'unknown', reason })
    return others.length > 0 ? [others] : []
  }
  const rest = [next, ...others]
  const half = Math.ceil(rest.length / 2)
  return [rest.slice(0, half), rest.slice(half)].filter((part) => part.length > 0)
}

function answerOf({ clean, tree, files }: MergeRecord): BatchAnswer {
  return clean ? { kind: 'clean', tree } : { kind: 'conflict', tree, files }
}

/** What `git` answers for a process that a signal ended. */
const KILLED = -1

async function mergeTreeBatch(
  { store, workTree, signal }: Run,
  pairs: readonly MergePair[],
  timeout: number,
): Promise<{ records: MergeRecord[]; exitCode: number; said: string }> {
  const { exitCode, stdout, stderr } = await gitBytes(
    { gitDir: store.commonDir, workTree },
    ['merge-tree', '--write-tree', '--stdin', '-z', '--messages'],
    {
      input: pairs.map(({ ours, theirs }) => `${ours} ${theirs}\n`).join(''),
      answers: [0, 1, 128, KILLED],
      timeout,
      mostBytes: MOST_BYTES,
      config: MERGE_CONFIG,
      env: { GIT_ATTR_NOSYSTEM: '1', GIT_ALLOC_LIMIT: MOST_MEMORY, ...objectEnvironment(store) },
      writes: true,
      ...(signal === undefined ? {} : { signal }),
    },
  )
  signal?.throwIfAborted()
  return {
    records: readMergeRecords(stdout).slice(0, pairs.length),
    exitCode,
    said: stderr.trim().slice(-300),
  }
}
