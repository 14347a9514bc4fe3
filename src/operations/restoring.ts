import { setTimeout as wait } from 'node:timers/promises'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { makeLane } from '../engine/lanes/make.ts'
import { removeLane } from '../engine/lanes/remove.ts'
import { claimPlace } from '../engine/lanes/reserve.ts'
import { refuseWithoutWalls } from '../engine/sandbox.ts'
import type { World } from '../engine/world.ts'
import { type ArchiveRow, lanesOf, liveLane, moveLane, type OwnedLane, portsInUse } from '../ledger/lanes.ts'
import { needTask } from '../ledger/tasks.ts'
import { type Tx, transact } from '../ledger/transact.ts'
import { type LaneView, viewLane } from './lane-view.ts'

/** A removed lane, and the archive to fill it from. */
export interface Restorable {
  readonly former: OwnedLane
  readonly archive: ArchiveRow
}

/** Decides which, within the transaction that takes it. */
export type Choose = (tx: Tx) => Promise<Restorable | Refusal>

/** Brings a lane of a task back from the archive that `choose` names. */
export async function restoreLane(world: World, taskId: number, choose: Choose): Promise<LaneView | Refusal> {
  const unprotected = await refuseWithoutWalls(world)
  if (unprotected !== null) return unprotected
  for (;;) {
    // One that is on its way out is archived first.
    const [latest] = await lanesOf(world.ledger.db, taskId)
    if (latest?.state === 'condemned' || latest?.state === 'archived') {
      const removed = await removeLane(world, latest)
      if (isRefusal(removed)) return removed
      if (removed.state !== 'removed') await wait(20, undefined, { signal: world.stop })
      continue
    }
    const creating = await reserve(world, taskId, choose)
    if (creating === 'port-taken') continue
    if (isRefusal(creating)) return creating
    const lane = await makeLane(world, creating)
    return isRefusal(lane) ? lane : viewLane(lane)
  }
}

async function reserve(
  world: World,
  taskId: number,
  choose: Choose,
): Promise<OwnedLane | Refusal | 'port-taken'> {
  const place = await claimPlace(world, taskId)
  if (isRefusal(place)) return place
  return await transact(world.ledger, world.actor, async (tx) => {
    const found = await restorable(tx, taskId, choose)
    if (isRefusal(found)) return found
    const { former, archive } = found
    if ((await portsInUse(tx.db)).includes(place.port)) return 'port-taken' as const
    const change = {
      ...place,
      owner: world.self,
      fillFrom: archive.id,
      device: null,
      inode: null,
      abandoned: 0,
      holder: 'host',
      keep: 1,
    }
    return await moveLane(tx, former, 'restore', change, {
      type: 'lane.restored',
      data: { path: place.path, archive: archive.id },
    })
  })
}

async function restorable(tx: Tx, taskId: number, choose: Choose): Promise<Restorable | Refusal> {
  const task = await needTask(tx.db, taskId)
  if (isRefusal(task)) return task
  const live = await liveLane(tx.db, taskId)
  if (live === undefined) return await choose(tx)
  return refuse(
    'lane-exists',
    `Task ${taskId} has a lane already: ${live.path}`,
    `Remove it first (it is archived): worklane lane remove ${taskId}`,
  )
}
