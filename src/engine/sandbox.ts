import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Refusal, refuse } from '../board/refusal.ts'
import { Fault } from '../host/fault.ts'
import { lfsObjects } from '../host/git/lfs-storage.ts'
import { enter } from '../host/limits/enter.ts'
import { uidOfLane, wallsMissing } from '../host/sandbox/detect.ts'
import { buildWalls, gitWalls, type Walls, type WallsRequest } from '../host/sandbox/walls.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { lanesDirectory } from './lanes-place.ts'
import { machineLimits } from './machine-limits.ts'
import type { World } from './world.ts'

/**
 * Whether what belongs to lanes runs inside walls, as was asked for.
 * @throws Fault where the machine cannot: nothing runs without walls of which nobody said so
 */
export async function hasWalls(world: World): Promise<boolean> {
  if (world.sandbox === 'none') return false
  const missing = await wallsMissing()
  if (missing === null) return true
  throw new Fault(missing.why, { retry: 'never', code: 'no-walls', hint: missing.remedy })
}

/** The same, to be said before anything has changed. */
export async function refuseWithoutWalls(world: World): Promise<Refusal | null> {
  if (world.sandbox === 'none') return null
  const missing = await wallsMissing()
  return missing === null ? null : refuse('no-walls', missing.why, missing.remedy)
}

/** Our own directory for what belongs to a lane and is not in it. */
export function laneRoom(world: World, laneId: number): string {
  return join(world.repository.home, 'lanes', String(laneId))
}

/** What the set-up command of a lane printed. */
export function setUpLog(world: World, laneId: number): string {
  return join(laneRoom(world, laneId), 'setup.log')
}

/** The git directory that a lane has inside its walls. */
export function privateGit(world: World, laneId: number): string {
  return join(laneRoom(world, laneId), 'git')
}

/** The walls around a lane, for programs that have limits of their own. */
export async function wallsAround(
  world: World,
  lane: OwnedLane,
  {
    network = false,
    room = laneRoom(world, lane.id),
    ...without
  }: Partial<Pick<WallsRequest, 'network' | 'room' | 'emptyHome' | 'scratch'>> = {},
): Promise<Walls> {
  return await buildWalls({
    ...(await shared(world)),
    directory: lane.path,
    room,
    uid: uidOfLane(lane.id),
    gitDirectory: privateGit(world, lane.id),
    network,
    ...without,
  })
}

/** The same for git of ours, which works in the lane. */
export async function workingWalls(world: World, lane: OwnedLane): Promise<Walls> {
  return await withLimits(world, lane, await wallsAround(world, lane))
}

/** The same where an agent or a shell may be at work: it has nothing of their HOME and /tmp. */
export async function passingWalls(world: World, lane: OwnedLane): Promise<Walls> {
  const own = { room: lookingRoom(world, lane), emptyHome: true, scratch: true }
  return await withLimits(world, lane, await wallsAround(world, lane, own))
}

/** For what belongs to walls that may stand beside others around the same lane. Nothing inside can write in it. */
function lookingRoom(world: World, lane: OwnedLane): string {
  return join(laneRoom(world, lane.id), 'reading')
}

/** The walls around git that collects what a run left in the lane's own git. */
export async function collectingWalls(world: World, lane: OwnedLane): Promise<Walls> {
  const walls = gitWalls({
    uid: uidOfLane(lane.id),
    room: laneRoom(world, lane.id),
    root: world.repository.root,
    commonDir: world.repository.commonDir,
    lanes: lanesDirectory(world),
    gitDirectory: privateGit(world, lane.id),
  })
  return await withLimits(world, lane, walls)
}

/**
 * For git of ours: a lane decides what git starts there (filters), and what it must hold in memory. The lane's user
 * has the processes of its run besides.
 */
async function withLimits(world: World, lane: OwnedLane, walls: Walls): Promise<Walls> {
  const group = (await world.gitGroup?.(lane.id)) ?? null
  const { settings } = world
  const { files, disk, processes } = machineLimits(settings, settings.agents.parallel).lane
  const own = walls.uid !== null && group?.holds.processes !== true
  const limits = { files, fileSize: disk, processes: own ? 2 * processes : null, nice: 0 }
  return {
    ...walls,
    wrap: (argv, more) => enter(walls.wrap(argv, more), limits, group?.directories ?? []),
  }
}

/** What all walls of a repository have in common. */
async function shared(world: World) {
  const { repository, settings } = world
  const { read, write } = settings.sandbox
  const links = settings.lanes.link
    .map((path) => join(repository.root, path))
    .filter((path) => existsSync(path))
  return {
    root: repository.root,
    commonDir: repository.commonDir,
    lanes: lanesDirectory(world),
    readable: [...named(read), ...links],
    lfsObjects: await lfsObjects(repository.commonDir),
    writable: named(write),
  }
}

/** Paths of the settings, with HOME for `~`, as far as they exist. */
export function named(paths: readonly string[]): string[] {
  return paths.map((path) => path.replace(/^~(?=\/)/, homedir())).filter((path) => existsSync(path))
}

/** Lane number of the walls around verify checkouts: those belong to no lane. */
const VERIFY = 0

/** The walls around a verify checkout. `<checkout>.git` beside it is for git of ours alone. */
export async function wallsOfVerify(
  world: World,
  slot: string,
  { network = false, git = false }: { readonly network?: boolean; readonly git?: boolean } = {},
): Promise<Walls> {
  const { writable, ...rest } = await shared(world)
  return await buildWalls({
    ...rest,
    writable: git ? [...writable, `${slot}.git`] : writable,
    emptyHome: git,
    directory: slot,
    room: `${slot}.room`,
    uid: uidOfLane(VERIFY),
    gitDirectory: null,
    network,
  })
}

/** Walls as those of lanes, around a directory that is no lane. */
export async function wallsForTest(
  world: World,
  request: Pick<WallsRequest, 'directory' | 'room' | 'gitDirectory' | 'network'>,
): Promise<Walls> {
  return await buildWalls({ ...(await shared(world)), ...request, uid: uidOfLane(VERIFY) })
}

/** For git of ours that only looks at a lane: it sees the lane and `git`, and can write neither. */
export async function readingWalls(world: World, lane: OwnedLane, gitDir: string): Promise<Walls> {
  const { home } = world.repository
  const { readable, ...rest } = await shared(world)
  const walls = await buildWalls({
    ...rest,
    readable: [...readable, lane.path, gitDir],
    lfsObjects: null,
    writable: [],
    // Ours lies in git's directory.
    hidden: home.startsWith(`${gitDir}/`) ? [home] : [],
    directory: lane.path,
    room: lookingRoom(world, lane),
    uid: uidOfLane(lane.id),
    gitDirectory: null,
    emptyHome: true,
    scratch: true,
    onlyReads: true,
    network: false,
  })
  return await withLimits(world, lane, walls)
}
