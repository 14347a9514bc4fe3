import * as z from 'zod'
import { reopenTask } from '../ledger/landings.ts'
import { transact } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Take a failed or cancelled task up again',
  examples: ['worklane task retry 7'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task }),
  run: async ({ world }, { id }) =>
    await transact(world.ledger, world.actor, async (tx) => await reopenTask(tx, id)),
})
