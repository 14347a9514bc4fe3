import { crashPoint } from '../../host/crash-point.ts'
import { asFault } from '../../host/fault.ts'
import { removeLocksInside } from '../../host/git/dead-locks.ts'
import { fastForward } from '../../host/git/forward.ts'
import { git } from '../../host/git/git.ts'
import { lockIndex, unlockIndex } from '../../host/git/hand-back.ts'
import { standingOf } from '../../host/git/lane-standing.ts'
import { commitOf } from '../../host/git/refs.ts'
import { undoHalfMove } from '../../host/git/undo-half-move.ts'
import { adminDirectory } from '../../host/git/worktree.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
import type { LaneMove } from '../../ledger/refresh.ts'
import { enterWalls, type Inside, insideOf, leaveWalls } from '../hand-over.ts'
import { privateGit } from '../sandbox.ts'
import type { World } from '../world.ts'

/**
 * Fast-forwards a lane by its own git, inside its walls, and hands branch and index back to the host as after a run.
 * The host's index is locked all the while, so that no git of a person comes in between; what they write into files
 * stays. Where nothing could be moved, nothing is.
 */
export async function forwardInside(world: World, lane: OwnedLane, move: LaneMove): Promise<void> {
  const adminDir = adminDirectory({ commonDir: world.repository.commonDir, admin: lane.admin })
  const lock = await lockIndex(adminDir)
  if (lock === null) return
  try {
    const inside = await enterWalls(world, lane)
    const moved = await forward(inside, lane, move)
    if (moved === 'moved' && (await leaveWalls(world, lane, move.to, lock))) return
    if (moved !== 'refused') await undo(world, inside, lane, move)
    // After `leaveWalls` in vain the walls have no record any more, and this writes none.
    await leaveWalls(world, lane, null)
  } finally {
    await unlockIndex(adminDir, lock)
  }
}

async function forward(
  { place }: Inside,
  { branch }: OwnedLane,
  { from, to }: LaneMove,
): Promise<'moved' | 'refused' | 'half'> {
  const stands = await standingOf(place)
  if (!stands.clean || stands.head !== from || stands.branch !== branch) return 'refused'
  crashPoint('lane.forwarding')
  try {
    await fastForward(place, to)
  } catch (error) {
    if (asFault(error) === null) throw error
  }
  crashPoint('lane.forwarded')
  return (await commitOf(place, 'HEAD')) === to ? 'moved' : 'half'
}

/** The lane's own git and its files back to where they were; what a person wrote meanwhile stays. */
async function undo(world: World, { place }: Inside, lane: OwnedLane, move: LaneMove): Promise<void> {
  const { from, to } = move
  await removeLocksInside(place.gitDir)
  const back = ['update-ref', '-m', 'worklane: not brought up to date', `refs/heads/${lane.branch}`, from, to]
  await git(place, back, { answers: [0, 1, 128], writes: true })
  const { path } = lane
  await undoHalfMove({ place, path, shared: world.repository, head: from }, { from, to, kept: [] })
}

/** After a crash, with the walls still around the lane: on to the end where its own git has moved, else back. */
export async function settleInside(world: World, lane: OwnedLane, move: LaneMove): Promise<void> {
  const walled: World = { ...world, sandbox: 'walls' }
  const inside = await insideOf(walled, lane)
  await removeLocksInside(privateGit(world, lane.id))
  const moved = (await commitOf(inside.place, 'HEAD')) === move.to
  if (moved && (await leaveWalls(walled, lane, move.to))) return
  await undo(walled, inside, lane, move)
  await leaveWalls(walled, lane, null)
}
