import type { GitPlace } from '../host/git/git.ts'
import { placeOf } from '../host/git/worktree.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { isInside } from './hand-over.ts'
import { hasWalls, privateGit, readingWalls } from './sandbox.ts'
import type { World } from './world.ts'

/** Git for a look at a lane, whoever holds it: behind walls that let nothing be written, where there are walls. */
export async function laneGit(
  world: World,
  lane: OwnedLane,
): Promise<GitPlace & { readonly workTree: string }> {
  const { commonDir } = world.repository
  const place = { ...placeOf({ commonDir, admin: lane.admin, path: lane.path }), workTree: lane.path }
  if (!(await hasWalls(world))) return place
  if (!(await isInside(world, lane))) return { ...place, walls: await readingWalls(world, lane, commonDir) }
  const gitDir = privateGit(world, lane.id)
  return { gitDir, workTree: lane.path, walls: await readingWalls(world, lane, gitDir) }
}
