import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { moveLanding, returnTask } from '../ledger/landings.ts'
import { transact } from '../ledger/transact.ts'
import { underReview } from './approve.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Send a reviewed task back with a note',
  examples: ['worklane reject 7 --note "The error message must name the file"'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({
    id: task,
    note: z.string().trim().min(1).max(10_000).describe('What must change; the next attempt reads it'),
  }),
  run: async ({ world }, { id, note }) =>
    await transact(world.ledger, world.actor, async (tx) => {
      const landing = await underReview(tx, id)
      if (isRefusal(landing)) return landing
      const withdrawn = await moveLanding(tx, landing.id, 'disapprove', { reason: note })
      return isRefusal(withdrawn) ? withdrawn : await returnTask(tx, id, { kind: 'review', text: note })
    }),
})
