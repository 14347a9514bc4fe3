import { type Refusal, refuse } from '../board/refusal.ts'
import type { ProcessIdentity } from '../host/process/identity.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { type Visit, visitsIn } from '../ledger/visits.ts'
import type { World } from './world.ts'

/** The processes whose shells are open in lanes, by lane. */
export async function openShells(
  { ledger, isAlive }: World,
  db = ledger.db,
): Promise<ReadonlyMap<number, readonly number[]>> {
  const open = new Map<number, number[]>()
  for (const { laneId, process } of await visitsIn(db))
    if (isAlive(process)) open.set(laneId, [...(open.get(laneId) ?? []), pidOf(process)])
  return open
}

/** Shells in a lane that were killed: nobody took out what was committed in them. */
export async function killedShells({ ledger, isAlive }: World, laneId: number): Promise<Visit[]> {
  return (await visitsIn(ledger.db, laneId)).filter(({ process }) => !isAlive(process))
}

/** No lane is removed under a person. Null: nobody is in it. `db`: where that has to be so within a transaction. */
export async function refuseWhileOpen(
  world: World,
  lane: OwnedLane,
  db = world.ledger.db,
): Promise<Refusal | null> {
  const [pid] = (await openShells(world, db)).get(lane.id) ?? []
  if (pid === undefined) return null
  return refuse(
    'lane-in-use',
    `A shell is open in the lane of task ${lane.taskId} (process ${pid}).`,
    'Leave it first, or end that process.',
  )
}

function pidOf(process: string): number {
  return (JSON.parse(process) as ProcessIdentity).pid
}
