import type { Landing } from '../board/landing.ts'
import { standing, type Task } from '../board/task.ts'
import type { RunSummary } from './snapshot.ts'

type Unfinished = RunSummary['unfinished'][number]

/** What did not land, why, and the command that goes on. Cancelled tasks are finished. */
export function unfinishedTasks(
  tasks: readonly Task[],
  landings: ReadonlyMap<number, Landing>,
  notes: ReadonlyMap<number, string>,
): Unfinished[] {
  const all = new Map(tasks.map((task) => [task.id, task]))
  return tasks
    .filter(({ state }) => state !== 'landed' && state !== 'cancelled')
    .map((task) => {
      const { id, subject, state } = task
      const landing = landings.get(id)
      return {
        id,
        subject,
        state,
        ...explain(task, all, state === 'completed' ? landing : undefined, notes.get(id) ?? null),
      }
    })
}

function explain(
  task: Task,
  all: ReadonlyMap<number, Task>,
  landing: Landing | undefined,
  note: string | null,
): Pick<Unfinished, 'reason' | 'next'> {
  const { id, state } = task
  if (state === 'failed') return { reason: note, next: `worklane logs ${id}; then worklane task retry ${id}` }
  if (landing?.state === 'awaiting_review')
    return { reason: 'waits for a review', next: `worklane lane diff ${id}; then worklane approve ${id}` }
  if (landing?.state === 'held')
    return {
      reason: heldReason(landing),
      next: `move these files away or commit them; then worklane land ${id}`,
    }
  if (state === 'completed') return { reason: 'waits in the landing queue', next: 'worklane land' }
  if (state === 'in_progress') return { reason: 'somebody works on it', next: `worklane task show ${id}` }
  const stands = standing(task, all)
  if (stands.kind === 'ready') return { reason: note, next: 'worklane run' }
  const on = stands.by.map((other) => `task ${other}`).join(', ')
  return stands.kind === 'unreachable'
    ? { reason: `waits for ${on}, which did not succeed`, next: `worklane task show ${stands.by[0] ?? id}` }
    : { reason: `waits for ${on}`, next: 'worklane run' }
}

function heldReason(landing: Landing): string {
  const files = landing.files.slice(0, 5).join(', ')
  return files === '' ? (landing.reason ?? 'held') : `${landing.reason ?? 'held'}: ${files}`
}
