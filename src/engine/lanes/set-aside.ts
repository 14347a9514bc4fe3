import { existsSync } from 'node:fs'
import { crashPoint } from '../../host/crash-point.ts'
import { Fault } from '../../host/fault.ts'
import { giveBack, mountIn, moveAside, placeInTrash, renameDirectory } from '../../host/files/discard.ts'
import { checkInode, lockWorktree, unlockWorktree } from '../../host/git/worktree.ts'
import { type OwnedLane, setLane } from '../../ledger/lanes.ts'
import { transact } from '../../ledger/transact.ts'
import type { World } from '../world.ts'
import { worktreeOf } from './make.ts'
import { trashDirectories } from './trash.ts'

/**
 * Renames a condemned lane out of the way, which takes milliseconds however large it is, and after which nobody can
 * write there by path while it is archived. Git's entry is locked first, so that a `git worktree prune` in between
 * does not take it for a deleted one. The new place is in the ledger before the rename: a crash loses nothing.
 */
export async function setAside(world: World, lane: OwnedLane): Promise<OwnedLane> {
  if (lane.trash !== null) {
    const is = await checkInode(lane.trash, lane.inode)
    if (is === 'ours') return lane
    // Moved by us in place of the lane, and then we were killed.
    if (is === 'foreign') await giveBack(lane.trash, lane.path)
  }
  refuseMount(lane)
  const trash = placeInTrash(lane.path, trashDirectories(world).lanes)
  await lockWorktree(worktreeOf(world, lane))
  await transact(world.ledger, world.actor, async (tx) => await setLane(tx, lane.id, { trash }))
  crashPoint('lane.marked')
  try {
    await moveAside(lane.path, trash, async (moved) => (await checkInode(moved, lane.inode)) === 'ours')
  } catch (error) {
    await unlockWorktree(worktreeOf(world, lane))
    throw error
  }
  crashPoint('lane.aside')
  return { ...lane, trash }
}

/** What is mounted in a lane belongs to others: neither can it be archived, nor may it be deleted. */
function refuseMount(lane: OwnedLane): void {
  const mount = mountIn(lane.path)
  if (mount !== null)
    throw new Fault(`Something is mounted in the lane of task ${lane.taskId}, so it is not removed.`, {
      retry: 'never',
      hint: `Unmount it: umount '${lane.path}/${mount}'`,
    })
}

/** When it cannot be archived it goes back to where people look for it, unless something else is there by now. */
export async function putBack(world: World, lane: OwnedLane): Promise<void> {
  if (lane.trash === null || existsSync(lane.path)) return
  if ((await checkInode(lane.trash, lane.inode)) !== 'ours') return
  await renameDirectory(lane.trash, lane.path)
  await unlockWorktree(worktreeOf(world, lane))
  await transact(world.ledger, world.actor, async (tx) => await setLane(tx, lane.id, { trash: null }))
}
