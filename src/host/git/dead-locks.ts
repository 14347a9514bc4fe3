import { readdir, rm } from 'node:fs/promises'
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
  await removeLocksBelow(gitDir, [])
}

/**
 * Removes the locks of git in a repository that are older than this start of the machine: whoever made them is gone,
 * and no git moves a ref or an index past one. Only for who knows that the machine has been started anew since, for
 * the wall clock alone would not do.
 */
export async function removeLocksOfFormerBoot(commonDir: string): Promise<void> {
  const started = new Date(Date.now() - uptime() * 1000)
  await removeLocksBelow(commonDir, ['-not', '-newermt', started.toISOString()])
}

/**
 * Not in our own directory, and not among the objects, where git makes its own way around old locks. A lane may have put
 * a link in the place of any directory, or do so at this moment: `find` goes by descriptors, and through none.
 */
async function removeLocksBelow(gitDir: string, which: readonly string[]): Promise<void> {
  const locks = (await readdir(gitDir)).filter((name) => name.endsWith('.lock'))
  const places = ['refs', 'worktrees', 'logs', ...locks].map((name) => `./${name}`)
  const args = ['-P', ...places, '-name', '*.lock', '-not', '-type', 'd', ...which, '-delete']
  await execa('find', args, { cwd: gitDir, stdio: 'ignore', reject: false })
}
