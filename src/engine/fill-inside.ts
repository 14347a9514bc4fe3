import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { adminDirectory, fillWorktree } from '../host/git/worktree.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { giveTop, insideOf, leaveFresh, makeGit } from './hand-over.ts'
import type { World } from './world.ts'

/** Checks a new lane out inside its walls, and leaves the index to the host. Nothing of an agent has run there yet. */
export async function fillInside(world: World, lane: OwnedLane): Promise<void> {
  const { branch, startPoint } = lane
  const fresh = { tip: startPoint, head: `ref: refs/heads/${branch}`, index: '' }
  await Promise.all([makeGit(world, lane, fresh, startPoint), giveTop(lane)])
  const { place } = await insideOf(world, lane)
  await fillWorktree(place, startPoint)
  const adminDir = adminDirectory({ commonDir: world.repository.commonDir, admin: lane.admin })
  await copyFile(join(place.gitDir, 'index'), join(adminDir, 'index'))
  await leaveFresh(world, lane)
}
