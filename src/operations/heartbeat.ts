import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { extendLease } from '../ledger/leases.ts'
import { transact } from '../ledger/transact.ts'
import { epoch, task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Extend the lease of a claim',
  examples: ['worklane heartbeat 7 --epoch 1'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task, epoch }),
  async run({ world }, input) {
    const extended = await transact(
      world.ledger,
      world.actor,
      async (tx) => await extendLease(tx, input.id, input.epoch),
    )
    if (isRefusal(extended)) return extended
    const { until } = extended
    return {
      id: input.id,
      epoch: input.epoch,
      leaseUntil: until === null ? null : new Date(until).toISOString(),
    }
  },
})
