import { readdir, rm, stat } from 'node:fs/promises'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { adminDirectory, type Worktree } from './worktree.ts'

/**
 * Removes the locks that a killed git leaves in a worktree: with one of them no later git can commit there. Only for
 * a worktree of ours in which every process is known to have ended; a lock in a person's checkout is never ours.
 */
export async function removeDeadLocks(worktree: Worktree): Promise<void> {
  const admin = adminDirectory(worktree)
  const locks = [
    join(admin, 'index.lock'),
    join(admin, 'HEAD.lock'),
    join(admin, 'logs', 'HEAD.lock'),
    join(worktree.commonDir, 'refs', 'heads', `${worktree.branch}.lock`),
  ]
  await Promise.all(locks.map(async (lock) => await rm(lock, { force: true })))
}

/**
 * As `removeDeadLocks`, in the private git directory of a lane: there every lock is of a git that was killed. The lane
 * may have put links there, to a directory with a `yarn.lock` of the person's; find deletes in directories that it has
 * opened, through no link.
 */
export async function removeLocksInside(gitDir: string): Promise<void> {
  const locks = ['-xdev', '-name', '*.lock', '-not', '-type', 'd', '-delete']
  const below = PLACES.map((place) => join(gitDir, place))
  const looks = [
    [gitDir, '-maxdepth', '1', ...locks],
    [...below, ...locks],
  ]
  await Promise.all(looks.map(async (look) => await execa('find', look, { cwd: '/', reject: false })))
}

/**
 * Removes the locks of git in a repository that are older than this start of the machine: whoever made them is gone,
 * and no git moves a ref or an index past one. Only for who knows that the machine has been started anew since, for
 * the wall clock alone would not do.
 */
export async function removeLocksOfFormerBoot(commonDir: string): Promise<void> {
  const started = Date.now() - uptime() * 1000
  for (const lock of await locksBelow(commonDir)) {
    const made = (await stat(lock).catch(() => null))?.mtimeMs
    if (made !== undefined && made < started) await rm(lock, { force: true })
  }
}

const PLACES = ['refs', 'worktrees', 'logs']

/** Not in our own directory, and not among the objects, where git makes its own way around old locks. */
async function locksBelow(commonDir: string): Promise<string[]> {
  const here = (await readdir(commonDir)).filter((name) => name.endsWith('.lock'))
  const below = await Promise.all(
    PLACES.map(async (place) => {
      const names = await readdir(join(commonDir, place), { recursive: true }).catch((): string[] => [])
      return names.filter((name) => name.endsWith('.lock')).map((name) => join(place, name))
    }),
  )
  return [...here, ...below.flat()].map((name) => join(commonDir, name))
}
