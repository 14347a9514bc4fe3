import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crashPoint } from '../crash-point.ts'
import { Fault } from '../fault.ts'
import { type GitPlace, git } from './git.ts'

/** A linked worktree of ours: its directory and git's own directory for it. */
export interface Worktree {
  readonly commonDir: string
  /** Name below `<common dir>/worktrees/`. */
  readonly admin: string
  /** Absolute path of the work tree. */
  readonly path: string
  /** Short branch name. */
  readonly branch: string
}

export interface Inode {
  readonly device: string
  readonly inode: string
}

export function adminDirectory(worktree: Pick<Worktree, 'commonDir' | 'admin'>): string {
  return join(worktree.commonDir, 'worktrees', worktree.admin)
}

/** For git commands on the worktree. */
export function placeOf(worktree: Pick<Worktree, 'commonDir' | 'admin' | 'path'>): GitPlace {
  return { gitDir: adminDirectory(worktree), workTree: worktree.path }
}

/**
 * Registers a worktree without `git worktree add`, which fails in a crowd (of 20 at once 3 to 16, git 2.39 to 2.55):
 * the entry is built aside, complete and locked, and renamed into place, so no reader ever sees half of one. It stays
 * locked until `unlockWorktree`; the directory is made here and must not exist before.
 */
export async function registerWorktree(worktree: Worktree): Promise<Inode> {
  const aside = join(
    worktree.commonDir,
    'worklane',
    'making',
    `${worktree.admin}-${randomBytes(6).toString('hex')}`,
  )
  await keepWorktreesDirectory(worktree.commonDir)
  await mkdir(aside, { recursive: true })
  await Promise.all([
    writeFile(join(aside, 'HEAD'), `ref: refs/heads/${worktree.branch}\n`),
    writeFile(join(aside, 'commondir'), '../..\n'),
    writeFile(join(aside, 'gitdir'), `${worktree.path}/.git\n`),
    writeFile(join(aside, 'locked'), MAKING),
  ])
  await mkdir(dirname(worktree.path), { recursive: true })
  crashPoint('worktree.built')
  await mkdir(worktree.path)
  crashPoint('worktree.placed')
  await rename(aside, adminDirectory(worktree))
  crashPoint('worktree.registered')
  await writeFile(join(worktree.path, '.git'), `gitdir: ${adminDirectory(worktree)}\n`)
  return await inodeOf(worktree.path)
}

/**
 * `git worktree prune` removes an empty `worktrees/`, just when another process makes an entry in it. An entry that
 * holds only a `locked` file is never listed and never pruned, so it keeps the directory.
 */
async function keepWorktreesDirectory(commonDir: string): Promise<void> {
  const keeper = join(commonDir, 'worktrees', 'worklane')
  await mkdir(keeper, { recursive: true })
  await writeFile(join(keeper, 'locked'), 'keeps this directory while worklane makes worktrees\n', {
    flag: 'a',
  })
}

/** What git says in a directory behind the fence: `fatal: not a git repository: …/not-a-lane-any-more`. */
export const FENCE = 'gitdir: not-a-lane-any-more\n'

/**
 * To git, a directory inside a repository that is no worktree of its own is part of the main checkout. So a program
 * that goes on in a lane that was taken from it, or makes that directory again, would commit on the main branch. A
 * `.git` file above the lanes that leads nowhere ends git's search upwards (measured here with git 2.39).
 */
export async function fenceOff(lanes: string): Promise<void> {
  await mkdir(lanes, { recursive: true })
  await writeFile(join(lanes, '.git'), FENCE, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}

export async function removeFence(lanes: string): Promise<void> {
  const file = join(lanes, '.git')
  if ((await readFile(file, 'utf8').catch(() => null)) === FENCE) await rm(file, { force: true })
}

/** Our reasons for a lock; any other is a person's. */
const MAKING = 'worklane is making this worktree\n'
const ARCHIVING = 'worklane archives this worktree\n'

/** Where the lock of a person waits in a lane that is being restored, until ours is taken off. */
const THEIR_LOCK = 'worklane-locked'

/** Keeps `git worktree prune` from taking a lane that is out of its place for a deleted one. Keeps a person's lock. */
export async function lockWorktree(worktree: Pick<Worktree, 'commonDir' | 'admin' | 'path'>): Promise<void> {
  if (!(await adminPointsHere(worktree))) return
  await writeFile(join(adminDirectory(worktree), 'locked'), ARCHIVING, { flag: 'wx' }).catch(() => undefined)
}

/** Takes our lock off. A person's stays, and one that `keepLock` has put aside comes back. */
export async function unlockWorktree(worktree: Pick<Worktree, 'commonDir' | 'admin'>): Promise<void> {
  const admin = adminDirectory(worktree)
  const lock = join(admin, 'locked')
  if (await renameIfThere(join(admin, THEIR_LOCK), lock)) return
  if ([MAKING, ARCHIVING].includes(await readFile(lock, 'utf8').catch(() => '')))
    await rm(lock, { force: true })
}

/** Puts the lock that an archived lane had beside ours, if it is a person's. */
export async function keepLock(archived: string, adminDir: string): Promise<void> {
  if ([MAKING, ARCHIVING].includes(await readFile(archived, 'utf8').catch(() => ARCHIVING))) return
  await rename(archived, join(adminDir, THEIR_LOCK))
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/**
 * Checks out `commit` into the empty worktree, whose branch need not exist yet. Hooks do not run. One worker unless
 * the user's config asks for more: two took 1.3 times the processor time and no less time on two cores (5,000 and
 * 17,000 files, measured here with git 2.39), and lanes are often made many at once.
 */
export async function fillWorktree(place: GitPlace, commit = 'HEAD'): Promise<void> {
  try {
    await git(place, ['read-tree', '--reset', '-u', commit], {
      timeout: 30 * 60_000,
      writes: true,
    })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { message, retry } = error
    const hint =
      'If it misses objects, see: git fsck. If it names a filter, install its program, such as git-lfs.'
    throw new Fault(message, { retry, hint, cause: error })
  }
}

/** Device and inode, which stay the same for as long as it is the directory that we made. */
export async function inodeOf(path: string): Promise<Inode> {
  const stat = await lstat(path, { bigint: true })
  if (!stat.isDirectory()) throw new Fault(`${path} is no longer a directory.`, { retry: 'never' })
  return { device: String(stat.dev), inode: String(stat.ino) }
}

/** `missing`: nothing is there. `foreign`: something else stands at the path; never touch it. */
export async function checkInode(
  path: string,
  expected: Inode | null,
): Promise<'ours' | 'missing' | 'foreign'> {
  try {
    const stat = await lstat(path, { bigint: true })
    const ours =
      stat.isDirectory() && String(stat.dev) === expected?.device && String(stat.ino) === expected.inode
    return ours ? 'ours' : 'foreign'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing'
    throw error
  }
}

/**
 * Whether `<common dir>/worktrees/<admin>`, or what was moved from there to `admin`, still points at this lane: an agent
 * can rewrite it, or put a link to another's in its place.
 */
export async function adminPointsHere(
  worktree: Pick<Worktree, 'commonDir' | 'admin' | 'path'>,
  admin = adminDirectory(worktree),
): Promise<boolean> {
  try {
    if (!(await lstat(admin)).isDirectory()) return false
    const target = await readFile(join(admin, 'gitdir'), 'utf8')
    return target.trim() === `${worktree.path}/.git`
  } catch {
    return false
  }
}
