import { existsSync } from 'node:fs'
import { chown, lstat, mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { asFault, Fault } from '../fault.ts'
import { deleteInReach } from '../files/discard.ts'
import { readPlainFile } from '../files/plain-file.ts'
import { copyIndex } from './copy-index.ts'
import { type GitPlace, git, gitBytes, gitLine, MOST_BYTES_OF_LANE, splitZero } from './git.ts'
import { identityEnvironment } from './identity.ts'
import { asText, diskPath } from './path-bytes.ts'
import { branchIn } from './repository.ts'

/** What is not committed in a worktree. Takes no lock and changes nothing. */
export async function uncommittedPaths(place: GitPlace): Promise<string[]> {
  return (await entriesOf(place)).map(({ path }) => asText(path))
}

/**
 * What can be committed, as bytes (path-bytes.ts), each with the blob that HEAD has there; '' where it has none. Without
 * submodules in which only what lies in them has changed: no commit here can hold that.
 */
export async function uncommitted(place: GitPlace): Promise<Map<string, string>> {
  const entries = (await entriesOf(place)).filter(({ change }) => change !== 'inner')
  return new Map(entries.map(({ path, blob }) => [path, blob]))
}

/** Submodules that hold changes which are not committed in them. */
export async function dirtySubmodules(place: GitPlace): Promise<string[]> {
  return (await entriesOf(place)).filter(({ change }) => change !== 'own').map(({ path }) => asText(path))
}

/** Whatever `submodule.<name>.ignore` says in .gitmodules: what is left in a submodule is work all the same. */
export const NONE_IGNORED = '--ignore-submodules=none'

interface StatusEntry {
  readonly path: string
  readonly blob: string
  /** `inner`: within a submodule alone; `both`: the submodule is at another commit, too. */
  readonly change: 'own' | 'inner' | 'both'
}

async function entriesOf(place: GitPlace): Promise<StatusEntry[]> {
  const args = ['status', '--porcelain=v2', '-z', '--untracked-files=all', '--no-renames', NONE_IGNORED]
  const said = await gitBytes(place, args, { mostBytes: MOST_BYTES_OF_LANE }).catch((error: unknown) => {
    throw asFault(error)?.code === 'too-much' ? tooMany() : error
  })
  return splitZero(said.stdout).flatMap((entry) => {
    const fields = entry.split(' ')
    const [kind = '', state = '', submodule = ''] = fields
    const [skip, blob = -1] = FIELDS[kind] ?? []
    if (skip === undefined) return []
    const isDirty = kind === '1' && /^S.(M.|.U)$/.test(submodule)
    const isSame = state === '.M' && submodule.startsWith('S.')
    const change = !isDirty ? 'own' : isSame ? 'inner' : 'both'
    return [{ path: fields.slice(skip).join(' '), blob: fields[blob]?.replace(/^0+$/, '') ?? '', change }]
  })
}

function tooMany(): Fault {
  return new Fault('More files are not committed than Worklane can name.', {
    retry: 'never',
    code: 'too-much',
    hint: 'Nothing is lost: commit there what is work, and delete or ignore the rest.',
  })
}

/**
 * By the kind of an entry how many fields come before its path, and which of them is HEAD's blob (git-status(1),
 * porcelain format version 2). The third says of a submodule `S<c><m><u>`.
 */
const FIELDS: Readonly<Record<string, readonly [skip: number, blob?: number]>> = {
  '1': [8, 6],
  u: [10, 8],
  '?': [1],
}

/**
 * Looks at the files that git cannot tell unchanged by their times: those of a fresh checkout, written in the same second
 * as the index (git: Documentation/technical/racy-git.txt). `git add` would write an object for each of them: inside walls
 * it cannot touch the one that the repository has, and then makes its own (git: freshen_packed_object). 5,000 files: 4.6 s
 * instead of 0.2 (measured here, git 2.39).
 */
export async function refreshIndex(place: GitPlace, timeout: number): Promise<void> {
  const args = ['update-index', '-q', '--refresh', '--force-write-index']
  await git(place, args, { answers: [0, 1], writes: true, timeout })
}

const UNFINISHED: readonly (readonly [file: string, name: string])[] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
]

/** The operation that a worktree is in the middle of; null for none. The names are git's own (git-status.c). */
export function unfinishedOperation(gitDir: string): string | null {
  return UNFINISHED.find(([file]) => existsSync(join(gitDir, file)))?.[1] ?? null
}

/** Bytes: a path may have 4,096. */
const LONGEST_HEAD = 5000
/** Milliseconds for each step of a commit. */
const PATIENCE = 10 * 60_000
/**
 * For all of it inside walls, and for each uncommitted file and megabyte on top: a lane's own filters can keep git waiting
 * for ever. Megabytes on the disk: `truncate` makes files of any size in no time. Those above sandbox.largestFile count,
 * since a filter such as git-lfs leaves little of them to be committed.
 */
const WALLED_PATIENCE = { least: 10_000, file: 2, megabyte: 200, most: 5 * 60_000 }
/** Bytes of a block, in which `stat` counts. */
const BLOCK = 512

/**
 * Commits what is left uncommitted at `paths`, as bytes: on `branch` where that is checked out, else on a detached HEAD, so that a
 * commit of ours never moves a branch that is not the lane's. No hooks, no signing: it is our record, not theirs.
 */
export async function commitLeft(
  place: GitPlace,
  branch: string,
  message: string,
  paths: readonly string[],
): Promise<string> {
  const patience = place.walls === undefined ? PATIENCE : await walledPatience(place.workTree ?? '/', paths)
  const end = performance.now() + patience
  const writes = () => ({ writes: true, timeout: Math.max(1, Math.round(end - performance.now())) })
  const head = await readPlainFile(join(place.gitDir, 'HEAD'), LONGEST_HEAD)
  if (![null, branch].includes(branchIn(`${head?.bytes ?? ''}`)))
    await git(place, ['update-ref', '--no-deref', 'HEAD', 'HEAD^{commit}'], writes())
  if (place.walls !== undefined) await refreshIndex(place, writes().timeout)
  // Not `git add`: it compares pathspecs that leave the rest out with every file, and newer ones leave out submodules
  // that .gitmodules has them ignore.
  await git(place, ['update-index', '--add', '--remove', '--replace', '-z', '--stdin'], {
    ...writes(),
    input: named(paths),
  })
  await git(place, ['commit', '-q', '--no-verify', '--no-gpg-sign', '--allow-empty', '-F', '-'], {
    ...writes(),
    input: message,
    env: await identityEnvironment(place),
  })
  return await gitLine(place, ['rev-parse', 'HEAD'])
}

/** A repository inside the lane ends in a slash where git lists it. */
function named(paths: readonly string[]): Buffer {
  return Buffer.from(paths.map((path) => `${path.replace(/\/$/, '')}\0`).join(''), 'latin1')
}

async function walledPatience(workTree: string, paths: readonly string[]): Promise<number> {
  let bytes = 0
  for (const path of paths)
    bytes += await lstat(diskPath(workTree, path)).then(
      ({ blocks }) => blocks * BLOCK,
      () => 0,
    )
  const { least, file, megabyte, most } = WALLED_PATIENCE
  return Math.min(least + paths.length * file + (bytes / 1_000_000) * megabyte, most)
}

/** For a person who asks: what is committed and large counts too. */
const MOST_BYTES_OF_DIFF = 128 << 20

interface DiffRequest {
  readonly from: string
  /** Ours, and counted as the lane's: what its filters write beside the objects fills the disk too. */
  readonly room: string
  readonly options?: readonly string[]
  readonly mostBytes?: number | undefined
}

/**
 * The patch from `from` to everything in the worktree, untracked files included. Works on a copy of the index and
 * writes objects to a directory in `room` that is thrown away; after a crash it goes with the lane.
 */
export async function diffEverything(
  place: GitPlace,
  { from, room, options = [], mostBytes = MOST_BYTES_OF_DIFF }: DiffRequest,
): Promise<string> {
  await mkdir(room, { recursive: true, mode: 0o700 })
  const aside = await mkdtemp(join(room, 'diff-'))
  try {
    if (place.walls?.uid != null) await chown(aside, place.walls.uid, place.walls.uid)
    const indexFile = join(aside, 'index')
    await copyIndex(join(place.gitDir, 'index'), indexFile).catch(() => undefined)
    const settings = [...(place.settings ?? []), `lfs.storage=${join(aside, 'lfs')}`]
    const copy: GitPlace = { ...place, indexFile, quarantine: aside, settings }
    if (place.walls !== undefined) await refreshIndex(copy, WALLED_PATIENCE.least)
    await git(copy, ['add', '-A', '--', ':/'], { writes: true })
    const plain = ['--no-ext-diff', '--no-textconv', NONE_IGNORED]
    const args = ['diff', '--cached', ...plain, ...options, from, '--']
    return (await git(copy, args, { mostBytes })).stdout
  } finally {
    await deleteInReach(aside)
  }
}

/** How much a worktree differs in tracked files from where it parted from `base`. */
export async function changedSince(
  place: GitPlace,
  base: string,
): Promise<{ readonly files: number; readonly insertions: number; readonly deletions: number }> {
  const { stdout } = await git(place, [
    'diff',
    '--numstat',
    '-z',
    '--no-ext-diff',
    '--no-textconv',
    '--no-renames',
    NONE_IGNORED,
    '--merge-base',
    `refs/heads/${base}`,
    '--',
  ])
  const rows = splitZero(stdout).map((row) => row.split('\t').map(Number))
  // Binary files count as changed files; git prints "-" for their lines.
  const sum = (column: number): number => rows.reduce((total, row) => total + (row[column] || 0), 0)
  return { files: rows.length, insertions: sum(0), deletions: sum(1) }
}
