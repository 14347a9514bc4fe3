import { createHash } from 'node:crypto'
import { type FileHandle, link, lstat, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { entriesOnly, type IndexEntry, parseIndex } from '../archive/index-file.ts'
import { readPlainFile } from '../files/plain-file.ts'
import { git, gitBytes, splitZero } from './git.ts'
import { branchTip } from './refs.ts'

/** What git on the host says of a lane; compared to see whether anybody changed it meanwhile. */
export interface HostState {
  readonly tip: string | null
  readonly head: string
  /** Digest of what is staged; not of the times of files, which every `git status` may write anew. */
  readonly index: string
}

export async function hostState(commonDir: string, adminDir: string, branch: string): Promise<HostState> {
  const [tip, head, index] = await Promise.all([
    branchTip({ gitDir: commonDir }, branch),
    readFile(join(adminDir, 'HEAD'), 'utf8').catch(() => ''),
    stagedIn(adminDir),
  ])
  return { tip, head: head.trim(), index }
}

/** Digest of what is staged in a worktree, as `HostState.index` has it. */
export async function stagedIn(adminDir: string): Promise<string> {
  const index = await readFile(join(adminDir, 'index')).catch(() => Buffer.alloc(0))
  return createHash('sha256').update(staged(index)).digest('hex')
}

function staged(index: Buffer): Buffer | string {
  const entries = parseIndex(index)?.entries
  return entries?.map(({ mode, oid, stage, path }) => `${mode} ${oid} ${stage} ${path}\0`).join('') ?? index
}

export interface HandBack {
  readonly commonDir: string
  readonly adminDir: string
  readonly branch: string
  /** The imported commit that the lane's branch moves to. */
  readonly to: string
  /** The host as it was when the walls took the lane over. */
  readonly before: HostState
  /** The index inside the walls. */
  readonly privateIndex: string
  /** The index of the host, locked since before; given back unlocked. Default: it is locked now. */
  readonly lock?: FileHandle | undefined
}

/**
 * Locks the index as git does. The lock is a second name of a file of ours, so that one that a killed process of ours left
 * is told from a person's. Null: somebody's git works on it, or was killed there.
 */
export async function lockIndex(adminDir: string): Promise<FileHandle | null> {
  await dropOwnLock(adminDir)
  const { own, lock } = lockFiles(adminDir)
  const file = await open(own, 'wx').catch(() => null)
  if (file === null) return null
  const isOurs = await link(own, lock).then(
    () => true,
    () => false,
  )
  if (isOurs) return file
  await unlockIndex(adminDir, file)
  return null
}

export async function unlockIndex(adminDir: string, file: FileHandle): Promise<void> {
  await file.close().catch(() => undefined)
  await dropOwnLock(adminDir)
}

/** Takes away our lock, also one that a killed process of ours left; never one of a person. */
export async function dropOwnLock(adminDir: string): Promise<void> {
  const { own, lock } = lockFiles(adminDir)
  if (await isSameFile(own, lock)) await rm(lock, { force: true })
  await rm(own, { force: true })
}

function lockFiles(adminDir: string): { readonly own: string; readonly lock: string } {
  return { own: join(adminDir, 'worklane-locked'), lock: join(adminDir, 'index.lock') }
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [a, b].map((path) => lstat(path, { bigint: true }).catch(() => null)),
  )
  return one != null && other != null && one.ino === other.ino && one.dev === other.dev
}

/**
 * Brings the lane's branch and index on the host to what was imported. False: somebody worked in the lane with plain
 * git meanwhile, so nothing is changed. Repeatable: after a crash in the middle the branch is there already.
 */
export async function handBack(back: HandBack): Promise<boolean> {
  const { adminDir } = back
  const lock = back.lock ?? ((await mayMove(back)) === null ? null : await lockIndex(adminDir))
  if (lock === null) return false
  try {
    const may = await mayMove(back)
    if (may === null) return false
    const { bytes, writtenAt } = await indexFor(back)
    await lock.writeFile(bytes)
    // Git tells by it which files may have changed in the second in which it was written (racy-git.txt).
    if (writtenAt !== null) await lock.utimes(writtenAt, writtenAt)
    await lock.close()
    if (!may.moved && !(await moveBranch(back, back.before.tip))) return false
    await rename(lockFiles(adminDir).lock, join(adminDir, 'index'))
    return true
  } finally {
    await unlockIndex(adminDir, lock)
  }
}

/** Whether the host stands as it stood, or there already; null: somebody has changed it. */
async function mayMove({
  commonDir,
  adminDir,
  branch,
  to,
  before,
}: HandBack): Promise<{ moved: boolean } | null> {
  const now = await hostState(commonDir, adminDir, branch)
  const moved = now.tip === to
  if ((!moved && now.tip !== before.tip) || now.head !== `ref: refs/heads/${branch}`) return null
  return now.index !== before.index && !moved ? null : { moved }
}

async function moveBranch({ commonDir, branch, to }: HandBack, from: string | null): Promise<boolean> {
  const args = ['update-ref', '-m', 'worklane: back from the walls', `refs/heads/${branch}`, to, from ?? '']
  return (await git({ gitDir: commonDir }, args, { answers: [0, 1, 128], writes: true })).exitCode === 0
}

/** An index, and when git wrote it; null: it says nothing about files. */
interface Written {
  readonly bytes: Buffer
  readonly writtenAt: Date | null
}

/** Bytes; some 700,000 entries. */
const LARGEST_INDEX = 64 * 1024 * 1024

/**
 * The index of the walls where it is exactly the commit: then git on the host need not read the files again. It comes
 * without its extensions, since cached trees could claim what they are not. Otherwise one is made from the commit.
 */
async function indexFor({ commonDir, adminDir, to, privateIndex }: HandBack): Promise<Written> {
  const written = await readPlainFile(privateIndex, LARGEST_INDEX)
  const index = written === null ? null : parseIndex(written.bytes)
  if (written !== null && index !== null && (await isTree(commonDir, to, index.entries))) {
    const plain = entriesOnly(written.bytes)
    if (plain !== null) return { bytes: plain, writtenAt: written.writtenAt }
  }
  const indexFile = join(adminDir, 'worklane-index')
  try {
    await git({ gitDir: adminDir, indexFile }, ['read-tree', to], { writes: true })
    return { bytes: await readFile(indexFile), writtenAt: null }
  } finally {
    await rm(indexFile, { force: true })
  }
}

/** Whether the entries are the files of the commit, each under its mode, and nothing else. */
async function isTree(commonDir: string, commit: string, entries: readonly IndexEntry[]): Promise<boolean> {
  const { stdout } = await gitBytes({ gitDir: commonDir }, ['ls-tree', '-r', '-z', '--full-tree', commit])
  const files = splitZero(stdout)
  if (files.length !== entries.length) return false
  return entries.every(({ mode, oid, path, stage }, at) => {
    const [, listed = '', name = ''] = /^(\d{6} \w+ [0-9a-f]+)\t(.*)$/s.exec(files[at] ?? '') ?? []
    const [octal, , object] = listed.split(' ')
    return stage === 0 && Number.parseInt(octal ?? '', 8) === mode && object === oid && name === path
  })
}
