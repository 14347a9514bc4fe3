import { isRefusal } from '../../board/refusal.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { asFault } from '../../host/fault.ts'
import { operationIn } from '../../host/git/checkouts.ts'
import { upToDate } from '../../host/git/forward.ts'
import { dropOwnLock } from '../../host/git/hand-back.ts'
import { standingOf } from '../../host/git/lane-standing.ts'
import { moveBase, settleBase } from '../../host/git/move-base.ts'
import { branchTip } from '../../host/git/refs.ts'
import { adminDirectory, adminPointsHere, checkInode } from '../../host/git/worktree.ts'
import { findLane, type OwnedLane } from '../../ledger/lanes.ts'
import { beginRefresh, endRefresh, type LaneMove } from '../../ledger/refresh.ts'
import { transact } from '../../ledger/transact.ts'
import { isInside } from '../hand-over.ts'
import { laneGit } from '../lane-git.ts'
import { hasWalls } from '../sandbox.ts'
import type { World } from '../world.ts'
import { attend } from './attended.ts'
import { forwardInside, settleInside } from './refresh-inside.ts'
import { closeJournal, isOpen, readJournal, writeJournal } from './refresh-journal.ts'
import { releaseLane, take } from './remove.ts'

/**
 * Brings an idle lane up to date with base, which is at `base`, if it is clean and nothing speaks against it. What
 * cannot be looked at stays as it is.
 */
export async function refreshLane(world: World, lane: OwnedLane, base: string): Promise<void> {
  const move = await wayOf(world, lane, base)
  if (move === null) return
  const begun = await transact(
    world.ledger,
    world.actor,
    async (tx) => await beginRefresh(tx, lane.id, world.self),
  )
  if (isRefusal(begun)) return
  attend(lane.id)
  try {
    await writeJournal(world, begun, move)
    await forward(world, begun, move)
  } catch (error) {
    if (asFault(error) === null) throw error
  }
  await settleRefresh(world, begun)
}

/** Whether somebody brings a ready lane up to date, or was killed at it. */
export function isRefreshing(world: World, lane: OwnedLane): boolean {
  return lane.state === 'ready' && (lane.owner !== null || isOpen(world, lane))
}

/** Where the lane would get to; null: it stays. Looks only. */
async function wayOf(world: World, lane: OwnedLane, base: string): Promise<LaneMove | null> {
  const { commonDir } = world.repository
  const adminDir = adminDirectory({ commonDir, admin: lane.admin })
  if ((await checkInode(lane.path, lane.inode)) !== 'ours') return null
  if (!(await adminPointsHere({ commonDir, admin: lane.admin, path: lane.path }))) return null
  if (operationIn(adminDir) !== null || (await isInside(world, lane))) return null
  const tip = await branchTip({ gitDir: commonDir }, lane.branch)
  if (tip === null || tip === base) return null
  try {
    const { head, branch, clean } = await standingOf(await laneGit(world, lane))
    if (!clean || head !== tip || branch !== lane.branch) return null
  } catch (error) {
    if (asFault(error) === null) throw error
    return null
  }
  const message = `Bring ${lane.branch} up to date with ${lane.base}\n`
  const to = await upToDate(world.repository, { tip, base, startPoint: lane.startPoint, message })
  return to === null ? null : { from: tip, to, startPoint: base }
}

/** Without walls as base moves in a checkout of a person: with the same care, and the same journal against a crash. */
async function forward(world: World, lane: OwnedLane, move: LaneMove): Promise<void> {
  if (await hasWalls(world)) return await forwardInside(world, lane, move)
  const { branch, base } = lane
  const { from, to } = move
  await moveBase(world.repository, { branch, from, to, reason: `worklane: up to date with ${base}` })
}

/**
 * Ends a refresh, also one that was killed: whatever was left half-way goes on to its end or back, and the branch alone
 * tells which it was. For who has the right to work on the lane; gives that back.
 */
export async function settleRefresh(world: World, owned: OwnedLane): Promise<void> {
  try {
    const lane = (await findLane(world.ledger.db, owned.id)) ?? owned
    const journal = await readJournal(world, lane)
    if (journal !== null) {
      await dropOwnLock(adminDirectory({ commonDir: world.repository.commonDir, admin: lane.admin }))
      if (await isInside(world, lane)) await settleInside(world, lane, journal)
      else await settleBase(world.repository, lane.branch)
    }
    const tip = await branchTip({ gitDir: world.repository.commonDir }, lane.branch)
    const moved = journal !== null && tip === journal.to ? journal : null
    crashPoint('lane.refreshed')
    await transact(world.ledger, world.actor, async (tx) => {
      await endRefresh(tx, lane, moved)
      return null
    })
    await closeJournal(world, lane)
  } catch (error) {
    await releaseLane(world, owned)
    throw error
  }
}

/** For who needs the lane now: ends what a killed refresh left. False: a living one is at work, and has to be waited for. */
export async function freeOfRefresh(world: World, lane: OwnedLane): Promise<boolean> {
  if (!isRefreshing(world, lane)) return true
  if (!(await take(world, lane))) return false
  await settleRefresh(world, lane)
  return true
}
