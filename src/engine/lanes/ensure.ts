import { setTimeout as wait } from 'node:timers/promises'
import { divergence } from '../../board/lane.ts'
import { isRefusal, type Refusal, refuse } from '../../board/refusal.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { findLane, lanesOf, liveLane, type OwnedLane } from '../../ledger/lanes.ts'
import { holdsTask } from '../../ledger/leases.ts'
import { transact } from '../../ledger/transact.ts'
import { readyRepository } from '../repository.ts'
import type { World } from '../world.ts'
import { isAttended, letGo } from './attended.ts'
import { giveUpLane, makeLane } from './make.ts'
import { rebuildIfGone } from './rebuild.ts'
import { freeOfRefresh } from './refresh.ts'
import { removeLane, take } from './remove.ts'
import { reserveTaskLane } from './reserve.ts'

/**
 * The ready lane of a claimed task: the one it has, or a new one. Works in any process, with or without an engine;
 * where another process is at it already, waits for that one.
 */
export async function ensureLane(world: World, taskId: number, epoch: number): Promise<OwnedLane | Refusal> {
  const ready = await readyRepository(world)
  if (isRefusal(ready)) return ready
  for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
    const lane = await step(world, taskId, epoch)
    // Cancelled or taken over meanwhile: the lane is not this caller's any more, whoever made it.
    const held = await transact(world.ledger, world.actor, async (tx) => await holdsTask(tx, taskId, epoch))
    if (isRefusal(held)) return held
    if (world.stop.aborted)
      return refuse(
        'stopped',
        'Stopped before the lane was ready.',
        `Claim again: worklane claim ${taskId} --as NAME`,
      )
    if (lane !== 'wait') return lane
    await wait(pause)
  }
}

async function step(world: World, taskId: number, epoch: number): Promise<OwnedLane | Refusal | 'wait'> {
  const live = await liveLane(world.ledger.db, taskId)
  if (live?.state === 'creating') return await makeOrWait(world, live)
  if (live?.state === 'quarantined') {
    const { what, fix } = divergence(live)
    return refuse('lane-diverged', what, fix)
  }
  if (live !== undefined)
    return (await freeOfRefresh(world, live)) ? await rebuildIfGone(world, await anew(world, live)) : 'wait'
  const [former] = await lanesOf(world.ledger.db, taskId)
  // A lane on its way out may be what the new one is filled from, and holds the branch: it goes first.
  if (former !== undefined && former.state !== 'removed') return await removeOrWait(world, former)
  const task = await transact(world.ledger, world.actor, async (tx) => await holdsTask(tx, taskId, epoch))
  if (isRefusal(task)) return task
  const reserved = await reserveTaskLane(world, task, epoch)
  if (isRefusal(reserved)) return reserved
  crashPoint('lane.reserved')
  return await makeOrWait(world, reserved, true)
}

async function anew(world: World, lane: OwnedLane): Promise<OwnedLane> {
  return (await findLane(world.ledger.db, lane.id)) ?? lane
}

/** `reserved`: by this very call. A lane that this process makes elsewhere at the same time is waited for too. */
async function makeOrWait(
  world: World,
  lane: OwnedLane,
  reserved = false,
): Promise<OwnedLane | Refusal | 'wait'> {
  if (!(reserved && lane.owner === world.self)) {
    if (!(await take(world, lane))) return 'wait'
  }
  try {
    return await makeLane(world, lane, { fresh: reserved })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    await letGo(lane.id, async () => await giveUpLane(world, lane, reason))
    throw error
  }
}

async function removeOrWait(world: World, lane: OwnedLane): Promise<'wait' | Refusal> {
  if (isAttended(world, lane)) return 'wait'
  const removed = await removeLane(world, lane)
  return isRefusal(removed) ? removed : 'wait'
}
