import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { settleLanes } from '../engine/settle.ts'
import { cancelTask } from '../ledger/landings.ts'
import { needTask } from '../ledger/tasks.ts'
import { transact } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Cancel a task; what its lane holds is archived',
  examples: ['worklane task cancel 7'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task }),
  async run({ world }, { id }) {
    const cancelled = await transact(world.ledger, world.actor, async (tx) => await cancelTask(tx, id))
    if (isRefusal(cancelled)) return cancelled
    await settleLanes(world)
    return await needTask(world.ledger.db, id)
  },
})
