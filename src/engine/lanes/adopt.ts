import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isRefusal } from '../../board/refusal.ts'
import { gitLine } from '../../host/git/git.ts'
import { branchOfHead } from '../../host/git/repository.ts'
import { adminPointsHere, inodeOf } from '../../host/git/worktree.ts'
import { liveLane } from '../../ledger/lanes.ts'
import { adoptLane, endUnknownClaim } from '../../ledger/reconcile.ts'
import { findTask } from '../../ledger/tasks.ts'
import { transact } from '../../ledger/transact.ts'
import { baseBranch } from '../base.ts'
import type { World } from '../world.ts'

/**
 * A lane that is on the disk and not in the ledger becomes the lane of the task that its name says, if the ledger knows
 * that task and it has none. Its holder is unknown and may still be at work in it. False: it stays a stranger.
 */
export async function adoptStranger(world: World, path: string): Promise<boolean> {
  const taskId = Number(/^task-(\d+)(-\d+)?$/.exec(basename(path))?.[1])
  const { db } = world.ledger
  if (!Number.isInteger(taskId) || (await findTask(db, taskId)) === undefined) return false
  if ((await liveLane(db, taskId)) !== undefined) return false
  const admin = await adminOf(world, path)
  const branch = admin === null ? null : branchOfHead(join(world.repository.commonDir, 'worktrees', admin))
  const base = await baseBranch(world)
  if (admin === null || branch === null || isRefusal(base)) return false
  const startPoint = await gitLine({ gitDir: world.repository.commonDir }, ['merge-base', base, branch])
  const inode = await inodeOf(path)
  const adopted = await transact(world.ledger, world.actor, async (tx) => {
    await adoptLane(tx, { taskId, path, branch, base, startPoint, admin, ...inode })
    await endUnknownClaim(tx, taskId)
    return true
  })
  return adopted === true
}

/** Name of git's entry for a worktree of this repository; null: it is none. */
async function adminOf(world: World, path: string): Promise<string | null> {
  const { commonDir } = world.repository
  const link = await readFile(join(path, '.git'), 'utf8').catch(() => '')
  const directory = /^gitdir: (.+?)\n?$/.exec(link)?.[1] ?? ''
  if (dirname(directory) !== join(commonDir, 'worktrees')) return null
  const admin = basename(directory)
  return (await adminPointsHere({ commonDir, admin, path })) ? admin : null
}
