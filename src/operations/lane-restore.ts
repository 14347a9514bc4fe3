import { setTimeout as wait } from 'node:timers/promises'
import * as z from 'zod'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { makeLane } from '../engine/lanes/make.ts'
import { removeLane } from '../engine/lanes/remove.ts'
import { claimPlace } from '../engine/lanes/reserve.ts'
import type { World } from '../engine/world.ts'
import {
  type ArchiveRow,
  archiveOf,
  lanesOf,
  liveLane,
  moveLane,
  type OwnedLane,
  portsInUse,
} from '../ledger/lanes.ts'
import { needTask } from '../ledger/tasks.ts'
import { type Tx, transact } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { viewLane } from './lane-view.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Bring a removed lane back',
  examples: ['worklane lane restore 7'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task }),
  async run({ world }, { id }) {
    for (;;) {
      // One that is on its way out is archived first.
      const [latest] = await lanesOf(world.ledger.db, id)
      if (latest?.state === 'condemned' || latest?.state === 'archived') {
        const removed = await removeLane(world, latest)
        if (isRefusal(removed)) return removed
        if (removed.state !== 'removed') await wait(20, undefined, { signal: world.stop })
        continue
      }
      const creating = await reserve(world, id)
      if (creating === 'port-taken') continue
      if (isRefusal(creating)) return creating
      const lane = await makeLane(world, creating)
      return isRefusal(lane) ? lane : viewLane(lane)
    }
  },
})

async function reserve(world: World, id: number): Promise<OwnedLane | Refusal | 'port-taken'> {
  const place = await claimPlace(world, id)
  if (isRefusal(place)) return place
  return await transact(world.ledger, world.actor, async (tx) => {
    const found = await restorable(tx, id)
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
      data: { path: place.path },
    })
  })
}

async function restorable(tx: Tx, id: number): Promise<{ former: OwnedLane; archive: ArchiveRow } | Refusal> {
  const task = await needTask(tx.db, id)
  if (isRefusal(task)) return task
  const live = await liveLane(tx.db, id)
  if (live !== undefined)
    return refuse(
      'lane-exists',
      `Task ${id} has a lane already: ${live.path}`,
      `Remove it first (it is archived): worklane lane remove ${id}`,
    )
  for (const former of await lanesOf(tx.db, id)) {
    const archive = former.state === 'removed' ? await archiveOf(tx.db, former.id) : undefined
    if (archive !== undefined) return { former, archive }
  }
  return noArchive(id)
}

function noArchive(id: number): Refusal {
  return refuse('no-archive', `Nothing is archived of task ${id}.`, 'Only removed lanes can be restored.')
}
