import { FINISHED } from '../engine/lanes/plan.ts'
import { openShells } from '../engine/visits.ts'
import type { World } from '../engine/world.ts'
import { type OwnedLane, standingLanes } from '../ledger/lanes.ts'
import { liveRuns, type RunRow } from '../ledger/runs.ts'
import { taskStates } from '../ledger/tasks.ts'

/** Who is in a lane, as its processes tell. */
export interface Occupants {
  /** An agent works in it without walls. */
  readonly open: boolean
  /** Its run began and did not end, and nobody is there. */
  readonly interrupted: boolean
  /** Processes of the shells that are open in it: it is not removed under them. */
  readonly shells: readonly number[]
}

export async function occupantsOf(world: World): Promise<(lane: Pick<OwnedLane, 'id'>) => Occupants> {
  const runs = new Map((await liveRuns(world.ledger.db)).map((run) => [run.laneId, run]))
  const shells = await openShells(world)
  return ({ id }) => {
    const run = runs.get(id)
    const interrupted = run !== undefined && isInterrupted(world, run)
    return { open: run?.sandbox === 'none' && !interrupted, interrupted, shells: shells.get(id) ?? [] }
  }
}

/** Neither its engine nor its own first process is there any more. */
export function isInterrupted({ isAlive }: World, { state, engine, leader }: RunRow): boolean {
  return state !== 'ended' && !isAlive(engine) && (leader === null || !isAlive(leader))
}

/** Lanes that would be gone, were nobody's shell open in them. */
export async function heldByShells(
  world: World,
): Promise<{ readonly task: number; readonly process: number }[]> {
  const shells = await openShells(world)
  const lanes = (await standingLanes(world.ledger.db)).filter(({ id }) => shells.has(id))
  if (lanes.length === 0) return []
  const states = await taskStates(
    world.ledger.db,
    lanes.map(({ taskId }) => taskId),
  )
  return lanes
    .filter(
      ({ state, taskId, keep }) =>
        state === 'condemned' || (!keep && FINISHED.includes(states.get(taskId) ?? 'pending')),
    )
    .map(({ id, taskId }) => ({ task: taskId, process: shells.get(id)?.[0] ?? 0 }))
}
