import type { Landing } from '../board/landing.ts'
import { foundNoProgram, type Run } from '../board/run.ts'
import { standing, type Task } from '../board/task.ts'
import type { Note } from '../ledger/tasks.ts'
import { landCommand } from './land-command.ts'
import type { RunSummary } from './snapshot.ts'

type Unfinished = RunSummary['unfinished'][number]

/** What else there is to know about the tasks. */
interface Known {
  readonly landings: ReadonlyMap<number, Landing>
  readonly notes: ReadonlyMap<number, Note>
  /** What git is in the middle of in the lanes of failed tasks, by task. */
  readonly open: ReadonlyMap<number, string>
  /** The newest run of each task. */
  readonly runs: ReadonlyMap<number, Run>
  /** Tasks whose lane waits for a person. */
  readonly quarantined: ReadonlySet<number>
  /** What the run verified with where the entry names no command of its own; null: what the settings say. */
  readonly verify: string | null
  /** Whether the landing queue is. */
  readonly paused: boolean
}

const DIVERGED = 'two worked in its lane at once, and it waits for a person'

/** What did not land, why, and the command that goes on. Cancelled tasks are finished. */
export function unfinishedTasks(tasks: readonly Task[], known: Known): Unfinished[] {
  const { landings, notes, open, runs, quarantined, paused, verify } = known
  const all = new Map(tasks.map((task) => [task.id, task]))
  return tasks
    .filter(({ state }) => state !== 'landed' && state !== 'cancelled')
    .map((task) => {
      const { id, subject, state } = task
      if (quarantined.has(id) && state === 'pending')
        return { id, subject, state, reason: DIVERGED, files: [], next: `worklane lane show ${id}` }
      const note = notes.get(id)
      const landing = isTold(task, note) ? landings.get(id) : undefined
      const { reason, next } = explain(task, all, {
        landing,
        note,
        paused,
        open: open.get(id),
        run: runs.get(id),
        land: landCommand(landing?.verify == null ? verify : null),
      })
      return { id, subject, state, reason, files: landing?.files ?? [], next }
    })
}

/** Whether its last landing is what there is to tell, and not what came after it. */
function isTold({ state }: Task, note: Note | undefined): boolean {
  return state === 'completed' || (state !== 'in_progress' && note?.kind === 'conflict')
}

interface About {
  readonly landing: Landing | undefined
  readonly note: Note | undefined
  readonly open: string | undefined
  readonly run: Run | undefined
  /** The command that lands it. */
  readonly land: string
  readonly paused: boolean
}

function explain(
  task: Task,
  all: ReadonlyMap<number, Task>,
  { landing, note, open, run, paused, land }: About,
): Pick<Unfinished, 'reason' | 'next'> {
  const { id, state } = task
  const why = landing?.state === 'conflicted' ? withFiles(landing) : (note?.text ?? null)
  if (state === 'failed' && open !== undefined)
    return {
      reason: why,
      next: `worklane shell ${id} (finish the ${open} there, or abort it); then worklane task retry ${id}`,
    }
  const other = otherCommand(task, run)
  if (state === 'failed' && other !== null)
    return { reason: why, next: `worklane task retry ${id}; then ${other}` }
  if (state === 'failed')
    return {
      reason: why,
      next: `worklane logs ${id}; then worklane task retry ${id}, or worklane task cancel ${id}`,
    }
  if (landing?.state === 'awaiting_review')
    return {
      reason: landing.reason ?? 'waits for a review',
      next: `worklane lane diff ${id}; then worklane approve ${id}`,
    }
  if (landing?.state === 'held')
    return {
      reason: withFiles(landing),
      next: landing.files.length > 0 ? `move these files away or commit them; then ${land}` : land,
    }
  if (state === 'completed' && paused)
    return {
      reason: 'waits in the landing queue, which is paused',
      next: `worklane landing resume; then ${land}`,
    }
  if (state === 'completed') return { reason: 'waits in the landing queue', next: land }
  if (state === 'in_progress') return { reason: 'somebody works on it', next: `worklane task show ${id}` }
  const stands = standing(task, all)
  const retest = note?.kind === 'walls' ? 'worklane sandbox test; then worklane run' : null
  if (stands.kind === 'ready') return { reason: why, next: other ?? retest ?? 'worklane run' }
  const on = stands.by.map((other) => `task ${other}`).join(', ')
  return stands.kind === 'unreachable'
    ? { reason: `waits for ${on}, which did not succeed`, next: `worklane task show ${stands.by[0] ?? id}` }
    : { reason: `waits for ${on}`, next: 'worklane run' }
}

/** Where the same command would fail in the same way; null: no need of another. That of a run is for tasks without one. */
function otherCommand({ id, command }: Task, run: Run | undefined): string | null {
  if (run === undefined || !foundNoProgram(run) || (command ?? run.command) !== run.command) return null
  return command === null
    ? 'worklane run --command "…"'
    : `worklane task edit ${id} --command "…"; then worklane run`
}

function withFiles({ reason, state, files }: Landing): string {
  const more = files.length > 5 ? ` and ${files.length - 5} more` : ''
  const names = files.slice(0, 5).join(', ')
  return names === '' ? (reason ?? state) : `${reason ?? state}: ${names}${more}`
}
