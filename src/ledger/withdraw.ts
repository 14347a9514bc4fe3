import type { Landing } from '../board/landing.ts'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { activeLanding, moveLanding } from './landings.ts'
import { moveTask, needTask, noteOn } from './tasks.ts'
import { type Tx, tell } from './transact.ts'

/** Takes a task out of the landing queue, before base moves: it is pending again, and no attempt is counted. */
export async function withdrawLanding(
  tx: Tx,
  taskId: number,
  note: string | null,
): Promise<Landing | Refusal> {
  const task = await needTask(tx.db, taskId)
  if (isRefusal(task)) return task
  const landing = await activeLanding(tx.db, taskId)
  if (landing === undefined)
    return refuse(
      'not-queued',
      `Task ${taskId} is not in the landing queue.`,
      'See the queue with: worklane landing list',
    )
  if (landing.state === 'moving')
    return refuse(
      'landing-now',
      `Task ${taskId} is being landed at this moment.`,
      `When it has landed, undo it with: worklane revert ${taskId}`,
    )
  const step = landing.state === 'awaiting_review' ? 'disapprove' : 'cancel'
  const withdrawn = await moveLanding(tx, landing.id, step, { reason: 'withdrawn' })
  if (isRefusal(withdrawn)) return withdrawn
  const returned = await moveTask(tx, task, 'return')
  if (isRefusal(returned)) return returned
  if (note !== null) await noteOn(tx, taskId, { kind: 'review', text: note })
  await tell(tx, { type: 'task.returned', subject: `task/${taskId}`, data: { reason: 'withdrawn', note } })
  return withdrawn
}
