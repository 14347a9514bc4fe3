import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { lstatSync, realpathSync } from 'node:fs'
import { chmod, link, lstat, mkdir, readdir, rename, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { execa } from 'execa'
import { Fault } from '../fault.ts'
import { mountsBelow } from './mounts.ts'

/** Looks at what was moved, at its new place: whether it is what was to be moved. */
type IsRight = (moved: string) => Promise<boolean>

/** A new place in a trash folder for what lies at `path`. */
export function placeInTrash(path: string, trash: string): string {
  return join(trash, `${basename(path)}-${randomBytes(6).toString('hex')}`)
}

/** What `placeInTrash` names. Whatever else lies in a trash folder is not ours to delete. */
const IN_TRASH = /-[0-9a-f]{12}$/

/** Paths in a trash folder that we put there; none where somebody made a link of the folder. */
export async function listTrash(trash: string): Promise<string[]> {
  if (lstatSync(trash, { throwIfNoEntry: false })?.isDirectory() !== true) return []
  return (await readdir(trash)).filter((name) => IN_TRASH.test(name)).map((name) => join(trash, name))
}

/**
 * Renames a directory into `trash` (same file system), which answers at once however large it is. Returns where it is
 * now. Two looks: the caller's before, and `isRight` after, since somebody can put another thing there in between.
 */
export async function moveToTrash(path: string, trash: string, isRight: IsRight): Promise<string> {
  const target = placeInTrash(path, trash)
  await moveAside(path, target, isRight)
  return target
}

/**
 * As `moveToTrash`, to a place that the caller has chosen by `placeInTrash` and written down.
 * @throws Fault when something else was there, which is put back
 */
export async function moveAside(path: string, target: string, isRight: IsRight): Promise<void> {
  await makeTrash(join(target, '..'))
  await renameDirectory(path, target)
  if (await isRight(target)) return
  const now = await giveBack(target, path)
  throw new Fault(`${path} was replaced by something else just now.`, {
    retry: 'now',
    hint: now === path ? 'It was left as it is.' : `What stood there for a moment is now ${now}`,
  })
}

/**
 * Makes a trash folder where there is none.
 * @throws Fault when something else was put in its place
 */
export async function makeTrash(trash: string): Promise<void> {
  const is = await lstat(trash).catch(() => null)
  if (is === null) await mkdir(trash, { recursive: true })
  else if (!is.isDirectory())
    throw new Fault(`${trash} is not a directory but something that was put in its place.`, {
      retry: 'never',
      hint: 'Move it away; Worklane makes its own.',
    })
}

/** A directory that moves to another parent must be writable itself: `..` in it changes (rename(2), EACCES). */
export async function renameDirectory(path: string, target: string): Promise<void> {
  try {
    await rename(path, target)
  } catch (error) {
    const { mode } = await lstat(path)
    if ((error as NodeJS.ErrnoException).code !== 'EACCES' || (mode & 0o200) !== 0) throw error
    await chmod(path, mode | 0o200)
    await rename(path, target)
    await chmod(target, mode)
  }
}

/**
 * Puts something back that is not ours, or beside where it was. Never over anything: a directory replaces only an empty
 * one, and for the rest link(2) fails where rename(2) would replace. Answers where it is.
 */
export async function giveBack(from: string, path: string): Promise<string> {
  const beside = `${path}-found-${randomBytes(6).toString('hex')}`
  try {
    if ((await lstat(from)).isDirectory()) await rename(from, path)
    else {
      await link(from, path)
      await unlink(from)
    }
    return path
  } catch {
    await rename(from, beside)
    return beside
  }
}

/**
 * Deletes what lies in the trash in a process of its own that outlives us: 20,000 files can take minutes on a busy
 * disk. `rm` does not follow symbolic links and stays on one file system, but goes into a bind mount of the same one:
 * what has a mount in it is left. Directories without the right to write are given it, as a module cache may have them.
 */
export function deleteInBackground(paths: readonly string[]): void {
  startDeleting(paths)?.unref()
}

/** As `deleteInBackground`, and waits for the end. What cannot be deleted stays. */
export async function deleteNow(paths: readonly string[]): Promise<void> {
  const child = startDeleting(paths)
  if (child !== null) await once(child, 'close')
}

/**
 * Deletes what programs of a lane may still write to. Node's own deletion goes by paths: where a link takes a directory's
 * place meanwhile, it goes on through the link. `rm` goes by descriptors (coreutils 9.1: fts, openat). It makes nothing
 * writable, since chmod(1) would go by paths again.
 * @throws Fault when something is left
 */
export async function deleteInReach(path: string): Promise<void> {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const child = spawn('rm', ['-rf', '--', path], { detached: true, stdio: 'ignore', cwd: '/' })
    await once(child, 'close')
    // Its exit code says nothing of a link that has taken the place of what was deleted.
    if ((await lstat(path).catch(() => null)) === null) return
  }
  throw new Fault(`${path} cannot be deleted.`, { retry: 'later' })
}

/**
 * Deletes what no program runs in any more, whatever rights it has. What was killed just now may still write for a
 * moment.
 * @throws Fault when something is left
 */
export async function deleteForGood(paths: readonly string[]): Promise<void> {
  const left = async (path: string): Promise<boolean> => (await lstat(path).catch(() => null)) !== null
  for (const pause of [0, 20, 100, 500]) {
    if (pause > 0) await wait(pause)
    await deleteNow(paths)
    const still = await Promise.all(paths.map(left))
    if (!still.includes(true)) return
  }
  throw new Fault(`${paths.join(', ')} cannot be deleted.`, { retry: 'later' })
}

/** As `deleteInReach`, for many; false: something is left. */
export async function deleteEach(paths: readonly Buffer[]): Promise<boolean> {
  if (paths.length === 0) return true
  const input = Buffer.concat(paths.flatMap((path) => [path, Buffer.of(0)]))
  const { exitCode } = await execa('xargs', ['-0', 'rm', '-rf', '--'], {
    ...{ cwd: '/', input, reject: false },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  return exitCode === 0
}

function startDeleting(paths: readonly string[]): ChildProcess | null {
  const deletable = paths.filter((path) => mountIn(path) === null)
  if (deletable.length === 0) return null
  const stay = process.platform === 'linux' ? '--one-file-system' : ''
  const remove = `rm -rf ${stay} -- "$@"`
  const open = 'find "$@" -xdev -type d ! -perm -700 -exec chmod u+rwx {} ";"'
  return spawn('sh', ['-c', `${remove} || { ${open}; ${remove}; }`, 'sh', ...deletable], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
  })
}

/** A mount point below `path`, relative to it; null for none, and for what is gone. */
export function mountIn(path: string): string | null {
  try {
    const [mount] = mountsBelow(Buffer.from(realpathSync(path)).toString('latin1'))
    return mount === undefined ? null : Buffer.from(mount, 'latin1').toString()
  } catch {
    return null
  }
}
