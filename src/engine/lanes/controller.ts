import { isRefusal } from '../../board/refusal.ts'
import { deleteInBackground } from '../../host/files/discard.ts'
import { condemnLane, findLane, type OwnedLane, standingLanes } from '../../ledger/lanes.ts'
import { liveLeases } from '../../ledger/leases.ts'
import { taskStates } from '../../ledger/tasks.ts'
import { transact } from '../../ledger/transact.ts'
import type { Action, Controller } from '../controller.ts'
import { openShells } from '../visits.ts'
import type { World } from '../world.ts'
import { isAttended } from './attended.ts'
import { giveUpLane, makeLane } from './make.ts'
import { type LaneSight, type LaneStep, planLanes } from './plan.ts'
import { isRefreshing, settleRefresh } from './refresh.ts'
import { releaseLane, removeLane, take } from './remove.ts'
import { leftInTrash } from './trash.ts'

/** Makes, prunes and removes lanes that no process attends to. */
export function lanesController(world: World): Controller {
  // Deleting goes on in a process of its own; once is enough.
  const deleting = new Set<string>()
  return {
    name: 'lanes',
    async plan() {
      const left = (await leftInTrash(world)).filter((path) => !deleting.has(path))
      const steps = planLanes(await observe(world)).map((step) => toAction(world, step))
      return left.length === 0 ? steps : [...steps, empty(left, deleting)]
    },
  }
}

function empty(left: readonly string[], deleting: Set<string>): Action {
  return {
    key: 'trash',
    what: `Delete ${left.length} removed ${left.length === 1 ? 'directory' : 'directories'}.`,
    why: 'The process that deleted them was stopped.',
    act: async () => {
      for (const path of left) deleting.add(path)
      deleteInBackground(left)
    },
  }
}

async function observe(world: World): Promise<LaneSight[]> {
  const lanes = await standingLanes(world.ledger.db)
  if (lanes.length === 0) return []
  const states = await taskStates(
    world.ledger.db,
    lanes.map(({ taskId }) => taskId),
  )
  const leases = await liveLeases(world.ledger.db)
  const awaited = leases.filter(({ claimant }) => claimant === null || world.isAlive(claimant))
  const shells = await openShells(world)
  const wanted = new Set(awaited.map(({ taskId }) => taskId))
  return lanes.map((lane) => ({
    lane,
    task: states.get(lane.taskId) ?? 'cancelled',
    attended: isAttended(world, lane),
    wanted: wanted.has(lane.taskId),
    visited: shells.has(lane.id),
    refreshing: isRefreshing(world, lane),
  }))
}

function toAction(world: World, step: LaneStep): Action {
  return {
    key: `lane/${step.laneId}`,
    what: step.what,
    why: step.why,
    act: async () => await act(world, step),
  }
}

async function act(world: World, step: LaneStep): Promise<void> {
  const lane = await findLane(world.ledger.db, step.laneId)
  if (lane === undefined) return
  if (step.action === 'condemn') {
    const condemned = await transact(
      world.ledger,
      world.actor,
      async (tx) => await condemnLane(tx, lane, step.why),
    )
    if (!isRefusal(condemned)) await removeLane(world, condemned)
  } else if (step.action === 'remove') await removeLane(world, lane)
  else if (!(await take(world, lane))) return
  else if (step.action === 'settle') await settleRefresh(world, lane)
  else await settleHalfMade(world, lane, step)
}

async function settleHalfMade(world: World, lane: OwnedLane, step: LaneStep): Promise<void> {
  try {
    await (step.action === 'make' ? makeLane(world, lane) : giveUpLane(world, lane, step.why))
  } catch (error) {
    await releaseLane(world, lane)
    throw error
  }
}
