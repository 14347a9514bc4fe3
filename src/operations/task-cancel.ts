import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { settleLanes } from '../engine/settle.ts'
import type { World } from '../engine/world.ts'
import { archivePlaces } from '../ledger/archives.ts'
import { cancelTask } from '../ledger/landings.ts'
import { lanesOf } from '../ledger/lanes.ts'
import { needTask } from '../ledger/tasks.ts'
import { transact } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'

/** Whether there was a lane, whose content an engine may still be archiving. */
async function isRestorable({ ledger: { db } }: World, id: number): Promise<boolean> {
  const lanes = await lanesOf(db, id)
  const archives = await archivePlaces(db, id)
  return lanes.some(({ state }) => state !== 'removed') || archives.some(({ purgedAt }) => purgedAt === null)
}

export default operation({
  summary: 'Cancel a task; what its lane holds is archived',
  examples: ['worklane task cancel 7'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task }),
  async run({ world }, { id }) {
    const cancelled = await transact(world.ledger, world.actor, async (tx) => await cancelTask(tx, id))
    if (isRefusal(cancelled)) return cancelled
    await settleLanes(world)
    const task = await needTask(world.ledger.db, id)
    return isRefusal(task) ? task : { ...task, restorable: await isRestorable(world, id) }
  },
})
