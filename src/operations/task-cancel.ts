import * as z from 'zod'
import { isRefusal, type Refusal } from '../board/refusal.ts'
import type { Task } from '../board/task.ts'
import { settleLanes } from '../engine/settle.ts'
import type { World } from '../engine/world.ts'
import { archivePlaces } from '../ledger/archives.ts'
import { cancelTask } from '../ledger/landings.ts'
import { lanesOf, liveLane } from '../ledger/lanes.ts'
import { type Tx, transact } from '../ledger/transact.ts'
import { taskId } from './fields.ts'
import { operation } from './operation.ts'

/** What became of its lane; `archived` may still be under way in an engine. */
type Former = 'none' | 'kept' | 'archived'

async function formerLane({ ledger: { db } }: World, id: number): Promise<Former> {
  if ((await liveLane(db, id))?.keep === true) return 'kept'
  const lanes = await lanesOf(db, id)
  const archives = await archivePlaces(db, id)
  const is =
    lanes.some(({ state }) => state !== 'removed') || archives.some(({ purgedAt }) => purgedAt === null)
  return is ? 'archived' : 'none'
}

/** All of them or none. */
async function cancelAll(tx: Tx, ids: readonly number[]): Promise<Task[] | Refusal> {
  const cancelled: Task[] = []
  for (const id of new Set(ids)) {
    const task = await cancelTask(tx, id)
    if (isRefusal(task)) return task
    cancelled.push(task)
  }
  return cancelled
}

export default operation({
  summary: 'Cancel a task; what its lane holds is archived',
  examples: ['worklane task cancel 7', 'worklane task cancel 7 9'],
  positional: { field: 'ids', label: 'ID', many: true },
  input: z.object({ ids: z.array(taskId).describe('Which tasks') }),
  async run({ world }, { ids }) {
    const cancelled = await transact(world.ledger, world.actor, async (tx) => await cancelAll(tx, ids))
    if (isRefusal(cancelled)) return cancelled
    await settleLanes(world)
    const tasks: (Task & { lane: Former })[] = []
    for (const task of cancelled) tasks.push({ ...task, lane: await formerLane(world, task.id) })
    return { tasks }
  },
})
