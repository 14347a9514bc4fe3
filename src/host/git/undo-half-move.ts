import { lstat, readlink, rm, rmdir } from 'node:fs/promises'
import { directoriesOf } from '../../board/in-the-way.ts'
import { sameEntry, type TreeChange, type TreeEntry } from '../../board/one-side.ts'
import { readPlainFile } from '../files/plain-file.ts'
import { type Checkout, placeOfCheckout } from './checkouts.ts'
import { type GitPlace, git, gitBytes, splitZero } from './git.ts'
import { diskPath } from './path-bytes.ts'
import { type SharedPlace, treeDiff } from './tree-diff.ts'

const GITLINK = '160000'

export interface HalfMove {
  readonly from: string
  readonly to: string
  /** Paths, as bytes, that were not as in `from` before the move began: not ours to put back. */
  readonly kept: readonly string[]
}

/** Files that a fast-forward has moved, or half of them. */
export interface MovedFiles {
  /** Where git works on the index and the files; inside walls where there are such. */
  readonly place: GitPlace
  readonly path: string
  /** Where commits are read, outside of any walls, and what HEAD of the files is called there. */
  readonly shared: SharedPlace
  readonly head: string
}

export function movedFiles(checkout: Checkout): MovedFiles {
  const { path, gitDir } = checkout
  return { place: placeOfCheckout(checkout), path, shared: { commonDir: gitDir }, head: 'HEAD' }
}

/**
 * Puts back what a fast-forward from `from` to `to` left behind when it ended before the ref moved: git updates the
 * files first, then the index, then the ref. Only what is provably its work: HEAD has the path as `from` has it, the
 * index has it as one of the two, and the file is as one of the two, missing, or a beginning of the new content (git
 * unlinks, creates and writes). Everything else is a person's and stays.
 */
export async function undoHalfMove(moved: MovedFiles, move: HalfMove): Promise<void> {
  const [changes, since] = await Promise.all([
    treeDiff(moved.shared, move.from, move.to),
    treeDiff(moved.shared, move.from, moved.head),
  ])
  const skip = new Set([...move.kept, ...since.map((change) => change.path)])
  const index = await stagedEntries(moved)
  const candidates = changes.filter((change) => {
    const staged = index.get(change.path) ?? null
    return !skip.has(change.path) && (sameEntry(staged, change.before) || sameEntry(staged, change.after))
  })
  const files = await filesOnDisk(moved, candidates)
  const ours: TreeChange[] = []
  for (const change of candidates) if (await isOurs(moved, change, files)) ours.push(change)
  if (ours.length > 0) await putBack(moved, ours)
}

/**
 * Fills up what a power cut took of the files of a move whose ref had moved: those that are but a beginning of what the
 * move wrote, and that nothing has changed since in HEAD or the index.
 */
export async function fillUpMove(moved: MovedFiles, move: HalfMove): Promise<void> {
  const { place, path: root, shared, head } = moved
  const { stdout } = await gitBytes(place, ['diff-files', '--name-only', '-z'])
  const differ = new Set(splitZero(stdout))
  const since = new Set((await treeDiff(shared, move.to, head)).map(({ path }) => path))
  const index = await stagedEntries(moved)
  const short: string[] = []
  for (const { path, after } of await treeDiff(shared, move.from, move.to)) {
    if (!differ.has(path) || since.has(path) || move.kept.includes(path)) continue
    if (after === null || !sameEntry(index.get(path) ?? null, after)) continue
    const part = await readRegular(diskPath(root, path))
    if (part !== null && isBeginning(part, await blob(moved, after))) short.push(path)
  }
  if (short.length > 0) await checkOut(moved, short)
}

async function readRegular(file: Buffer): Promise<Buffer | null> {
  return (await readPlainFile(file, Infinity))?.bytes ?? null
}

/** Conflicted paths are left out: none of ours ever is one. */
async function stagedEntries(moved: MovedFiles): Promise<Map<string, TreeEntry>> {
  const { stdout } = await gitBytes(moved.place, ['ls-files', '-s', '-z'])
  const conflicted: TreeEntry = { mode: '', object: '' }
  return new Map(
    splitZero(stdout).map((line) => {
      const [mode = '', object = '', stage] = line.slice(0, line.indexOf('\t')).split(' ')
      return [line.slice(line.indexOf('\t') + 1), stage === '0' ? { mode, object } : conflicted]
    }),
  )
}

/** Path → what git would store for it, filters and line ends applied; regular files only. */
async function filesOnDisk(moved: MovedFiles, changes: readonly TreeChange[]): Promise<Map<string, string>> {
  const regular: string[] = []
  for (const { path } of changes) {
    const stat = await lstat(diskPath(moved.path, path)).catch(() => null)
    // The list is of lines.
    if (stat?.isFile() && !path.includes('\n')) regular.push(path)
  }
  const input = Buffer.from(regular.map((path) => `${path}\n`).join(''), 'latin1')
  const { stdout } = await git(moved.place, ['hash-object', '--stdin-paths'], { input })
  const objects = stdout.split('\n')
  return new Map(regular.map((path, at) => [path, objects[at] ?? '']))
}

async function isOurs(
  moved: MovedFiles,
  { path, before, after }: TreeChange,
  files: ReadonlyMap<string, string>,
): Promise<boolean> {
  const file = diskPath(moved.path, path)
  const stat = await lstat(file).catch(() => null)
  if (await isBeyondLink(moved.path, path)) return false
  if (stat === null) return true
  if (stat.isDirectory()) return before?.mode === GITLINK || after?.mode === GITLINK
  if (stat.isSymbolicLink()) {
    const target = await readlink(file, { encoding: 'buffer' })
    return (await blob(moved, before)).equals(target) || (await blob(moved, after)).equals(target)
  }
  const object = files.get(path)
  if (object === undefined) return false
  if (object === before?.object || object === after?.object) return true
  const part = await readRegular(file)
  return after !== null && part !== null && isBeginning(part, await blob(moved, after))
}

/** Whether a directory of the path has become a link: what is behind it is not in this worktree. */
async function isBeyondLink(root: string, path: string): Promise<boolean> {
  for (const directory of directoriesOf(path))
    if ((await lstat(diskPath(root, directory)).catch(() => null))?.isSymbolicLink()) return true
  return false
}

async function blob(moved: MovedFiles, entry: TreeEntry | null): Promise<Buffer> {
  if (entry === null || entry.mode === GITLINK) return Buffer.alloc(0)
  const { stdout } = await gitBytes({ gitDir: moved.shared.commonDir }, ['cat-file', 'blob', entry.object])
  return Buffer.from(stdout, 'latin1')
}

function isBeginning(part: Buffer, whole: Buffer): boolean {
  return part.length < whole.length && whole.subarray(0, part.length).equals(part)
}

/** New files go first: one may stand where a directory was. The index is one write, under git's own lock. */
async function putBack(moved: MovedFiles, changes: readonly TreeChange[]): Promise<void> {
  const lines = changes.map(({ path, before, after }) => {
    const { mode, object } = before ?? { mode: '0', object: '0'.repeat(after?.object.length ?? 40) }
    return `${mode} ${object}\t${path}\0`
  })
  const input = Buffer.from(lines.join(''), 'latin1')
  await git(moved.place, ['update-index', '-z', '--index-info'], { input, writes: true })
  for (const { path, before } of changes) if (before === null) await removeFile(moved.path, path)
  const back = changes.filter(({ before }) => before !== null)
  await checkOut(
    moved,
    back.map(({ path }) => path),
  )
}

async function checkOut(moved: MovedFiles, paths: readonly string[]): Promise<void> {
  const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1')
  const args = ['checkout-index', '-f', '-u', '-z', '--stdin']
  await git(moved.place, args, { input, writes: true })
}

async function removeFile(root: string, path: string): Promise<void> {
  const file = diskPath(root, path)
  if (!(await lstat(file).catch(() => null))?.isDirectory()) await rm(file, { force: true })
  // Those that are not empty, or not there, refuse.
  for (const directory of [path, ...directoriesOf(path)])
    await rmdir(diskPath(root, directory)).catch(() => undefined)
}
