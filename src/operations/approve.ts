import * as z from 'zod'
import type { Landing } from '../board/landing.ts'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { activeLanding, moveLanding } from '../ledger/landings.ts'
import { needTask } from '../ledger/tasks.ts'
import { type Tx, transact } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Let a reviewed task land',
  examples: ['worklane approve 7'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task }),
  run: async ({ world }, { id }) =>
    await transact(world.ledger, world.actor, async (tx) => {
      const landing = await underReview(tx, id)
      return 'refused' in landing ? landing : await moveLanding(tx, landing.id, 'approve', { reason: null })
    }),
})

export async function underReview(tx: Tx, taskId: number): Promise<Landing | Refusal> {
  const task = await needTask(tx.db, taskId)
  if (isRefusal(task)) return task
  const landing = await activeLanding(tx.db, taskId)
  if (landing?.state === 'awaiting_review') return landing
  return refuse(
    'no-review',
    `Task ${taskId} does not wait for a review.`,
    `See it with: worklane task show ${taskId}`,
  )
}
