import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hostState } from '../host/git/hand-back.ts'
import { adminDirectory, fillWorktree } from '../host/git/worktree.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { giveAway, insideOf, leaveWalls, makeGit } from './hand-over.ts'
import type { World } from './world.ts'

/** Checks a new lane out inside its walls, and leaves the index to the host. Nothing of an agent has run there yet. */
export async function fillInside(world: World, lane: OwnedLane): Promise<void> {
  const { commonDir } = world.repository
  const adminDir = adminDirectory({ commonDir, admin: lane.admin })
  await makeGit(world, lane, await hostState(commonDir, adminDir, lane.branch))
  await giveAway(lane)
  const { place } = await insideOf(world, lane)
  await fillWorktree(place, lane.startPoint)
  await copyFile(join(place.gitDir, 'index'), join(adminDir, 'index'))
  await leaveWalls(world, lane, null)
}
