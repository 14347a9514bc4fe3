import { join } from 'node:path'
import { copyIndex } from '../host/git/copy-index.ts'
import { adminDirectory, fillWorktree } from '../host/git/worktree.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { type Inside, insideOf, leaveFresh, makeGit } from './hand-over.ts'
import { giveTop } from './lane-owner.ts'
import { testWalls } from './self-test.ts'
import type { World } from './world.ts'

/** The walls of a new lane, and the git that it has inside; nothing is checked out yet. */
export async function layInside(world: World, lane: OwnedLane): Promise<Inside> {
  const { branch, startPoint } = lane
  const fresh = { tip: startPoint, head: `ref: refs/heads/${branch}`, index: '' }
  await Promise.all([makeGit(world, lane, fresh, startPoint), giveTop(lane)])
  return await insideOf(world, lane)
}

/**
 * Checks a new lane out inside its walls, and leaves the index to the host. Nothing of an agent has run there yet; that
 * the walls hold is tried meanwhile.
 */
export async function fillInside(world: World, lane: OwnedLane, { place, walls }: Inside): Promise<void> {
  const { startPoint } = lane
  const works = [fillWorktree(place, startPoint), testWalls(world, lane, walls)]
  await Promise.allSettled(works)
  await Promise.all(works)
  const adminDir = adminDirectory({ commonDir: world.repository.commonDir, admin: lane.admin })
  await copyIndex(join(place.gitDir, 'index'), join(adminDir, 'index'))
  await leaveFresh(world, lane)
}
