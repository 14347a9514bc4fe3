import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { type Note, needTask, noteOn } from './tasks.ts'
import { type Tx, tell } from './transact.ts'

/** Notes that agents can leave on one task: each goes into the prompt of every later attempt. */
const MOST_NOTES = 40

/** A note for whoever takes the task next, of a person or of the agent at work. */
export async function leaveNote(
  tx: Tx,
  id: number,
  text: string,
): Promise<{ readonly id: number; readonly note: Note } | Refusal> {
  const task = await needTask(tx.db, id)
  if (isRefusal(task)) return task
  const kind = tx.actor.startsWith('agent:') ? 'agent' : 'person'
  if (kind === 'agent' && (await agentNotes(tx, id)) >= MOST_NOTES)
    return refuse('too-many-notes', `Task ${id} has ${MOST_NOTES} notes of agents already.`, '')
  const note: Note = { kind, text: tx.redact(text) }
  await noteOn(tx, id, note)
  await tell(tx, { type: 'task.noted', subject: `task/${id}`, data: { kind, note: text } })
  return { id, note }
}

async function agentNotes(tx: Tx, id: number): Promise<number> {
  const row = await tx.db
    .selectFrom('note')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('taskId', '=', id)
    .where('kind', '=', 'agent')
    .executeTakeFirstOrThrow()
  return row.count
}
