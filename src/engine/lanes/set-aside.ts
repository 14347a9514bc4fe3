import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { crashPoint } from '../../host/crash-point.ts'
import { adminDirectory, checkInode } from '../../host/git/worktree.ts'
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
  if (lane.trash !== null && existsSync(lane.trash)) return lane
  const { lanes } = trashDirectories(world)
  const trash = join(lanes, `${basename(lane.path)}-${randomBytes(6).toString('hex')}`)
  await mkdir(lanes, { recursive: true })
  const locked = join(adminDirectory(worktreeOf(world, lane)), 'locked')
  await writeFile(locked, 'worklane archives this worktree\n', { flag: 'wx' }).catch(() => undefined)
  await transact(world.ledger, world.actor, async (tx) => await setLane(tx, lane.id, { trash }))
  crashPoint('lane.marked')
  await rename(lane.path, trash)
  crashPoint('lane.aside')
  return { ...lane, trash }
}

/** When it cannot be archived it goes back to where people look for it, unless something else is there by now. */
export async function putBack(world: World, lane: OwnedLane): Promise<void> {
  if (lane.trash === null || existsSync(lane.path)) return
  if ((await checkInode(lane.trash, lane.inode)) !== 'ours') return
  await rename(lane.trash, lane.path)
  await transact(world.ledger, world.actor, async (tx) => await setLane(tx, lane.id, { trash: null }))
}
