import * as z from 'zod'
import { transact } from '../ledger/transact.ts'
import { withdrawLanding } from '../ledger/withdraw.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Take a completed task out of the landing queue; it is pending again',
  examples: ['worklane landing withdraw 7', 'worklane landing withdraw 7 --note "Wait for the new API"'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({
    id: task,
    note: z.string().trim().min(1).max(10_000).optional().describe('For the next attempt'),
  }),
  run: async ({ world }, { id, note }) =>
    await transact(world.ledger, world.actor, async (tx) => await withdrawLanding(tx, id, note ?? null)),
})
