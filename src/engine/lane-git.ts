import { filterSettings } from '../host/git/filters.ts'
import { type GitPlace, settingsOf } from '../host/git/git.ts'
import { unfinishedOperation } from '../host/git/lane-state.ts'
import { adminDirectory, placeOf } from '../host/git/worktree.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { isInside, isUntouched } from './hand-over.ts'
import { hasWalls, privateGit, readingWalls } from './sandbox.ts'
import type { World } from './world.ts'

/** Where git-lfs, which keeps each file that it compares, can write inside. */
const ASIDE = 'lfs.storage=/tmp/lfs'

/** Git for a look at a lane, whoever holds it: behind walls that let nothing be written, where there are walls. */
export async function laneGit(
  world: World,
  lane: OwnedLane,
): Promise<GitPlace & { readonly workTree: string }> {
  const { commonDir } = world.repository
  const signal = world.hurry
  const place = { ...placeOf({ commonDir, admin: lane.admin, path: lane.path }), workTree: lane.path, signal }
  if (!(await hasWalls(world))) return place
  if (await isInside(world, lane)) {
    const gitDir = privateGit(world, lane.id)
    const walls = await readingWalls(world, lane, gitDir)
    return { gitDir, workTree: lane.path, walls, settings: [ASIDE], signal }
  }
  const filters = await filterSettings(await settingsOf(commonDir))
  const settings = [...filters.map(([key, value]) => `${key}=${value}`), ASIDE]
  return { ...place, walls: await readingWalls(world, lane, commonDir), settings }
}

/** What git is in the middle of in a lane, such as a merge. */
export interface OpenOperation {
  readonly name: string
  /** The lane's git inside its walls is, and the host's is not. */
  readonly inside: boolean
}

/** Null: none. What the git inside is in the middle of counts while its walls would use it again. */
export async function openOperation(world: World, lane: OwnedLane): Promise<OpenOperation | null> {
  const { commonDir } = world.repository
  const outside = unfinishedOperation(adminDirectory({ commonDir, admin: lane.admin }))
  if (outside !== null) return { name: outside, inside: false }
  if (!(await hasWalls(world))) return null
  if (!(await isInside(world, lane)) && !(await isUntouched(world, lane))) return null
  const name = unfinishedOperation(privateGit(world, lane.id))
  return name === null ? null : { name, inside: true }
}
