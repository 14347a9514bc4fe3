import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../host/fault.ts'
import { makeTrash, placeInTrash } from '../../host/files/discard.ts'
import { git } from '../../host/git/git.ts'
import {
  adminDirectory,
  checkInode,
  fillWorktree,
  type Inode,
  inodeOf,
  placeOf,
  registerWorktree,
  unlockWorktree,
  type Worktree,
} from '../../host/git/worktree.ts'
import { type OwnedLane, setLane } from '../../ledger/lanes.ts'
import { transact } from '../../ledger/transact.ts'
import type { World } from '../world.ts'
import { worktreeOf } from './make.ts'
import { trashDirectories } from './trash.ts'

/**
 * A lane whose directory somebody deleted gets it back from what git still has: the lane's index, or where that is
 * gone too (`git worktree prune`) the tip of its branch. A lane that is there is left alone.
 * @throws Fault when something else stands at its path
 */
export async function rebuildIfGone(world: World, lane: OwnedLane): Promise<OwnedLane> {
  if (lane.trash !== null && (await checkInode(lane.trash, lane.inode)) === 'ours') return lane
  const is = await checkInode(lane.path, lane.inode)
  if (is === 'ours') return lane
  if (is === 'foreign') throw foreign(lane)
  const worktree = worktreeOf(world, lane)
  if (existsSync(join(adminDirectory(worktree), 'index')))
    return await rebuildFromIndex(world, lane, worktree)
  const inode = await registerWorktree(worktree)
  await transact(world.ledger, world.actor, async (tx) => await setLane(tx, lane.id, inode))
  await fillWorktree(placeOf(worktree))
  await unlockWorktree(worktree)
  return { ...lane, inode }
}

/**
 * Built in the trash, where nobody else puts anything, and renamed into place: what somebody puts at the path meanwhile
 * is neither written to nor taken for ours. The inode is in the ledger before the rename: after a crash it is ours.
 */
async function rebuildFromIndex(world: World, lane: OwnedLane, worktree: Worktree): Promise<OwnedLane> {
  const { lanes } = trashDirectories(world)
  const path = placeInTrash(lane.path, lanes)
  await makeTrash(lanes)
  await mkdir(path)
  await writeFile(join(path, '.git'), `gitdir: ${adminDirectory(worktree)}\n`)
  // 1: the sides of a conflict are in the index alone. 128: it is damaged, and is archived as it is.
  const options = { timeout: 30 * 60_000, answers: [0, 1, 128] }
  await git(placeOf({ ...worktree, path }), ['checkout-index', '--all', '--quiet'], options)
  const inode = await inodeOf(path)
  const write = async (is: Inode | null): Promise<void> => {
    const { device = null, inode: number = null } = is ?? {}
    const change = { device, inode: number }
    await transact(world.ledger, world.actor, async (tx) => await setLane(tx, lane.id, change))
  }
  await write(inode)
  try {
    await rename(path, lane.path)
  } catch (error) {
    await write(lane.inode)
    const { code = '' } = error as NodeJS.ErrnoException
    throw ['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(code) ? foreign(lane) : error
  }
  return { ...lane, inode }
}

function foreign({ path }: OwnedLane): Fault {
  return new Fault(`${path} is not the directory that Worklane made.`, {
    retry: 'never',
    hint: 'Move it away and try again; Worklane does not touch it.',
  })
}
