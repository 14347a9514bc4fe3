import type { Operation } from './operation.ts'

export interface Entry {
  /** As typed: `task add`. */
  readonly name: string
  readonly summary: string

  readonly load: () => Promise<Operation>
}

/**
 * Everything that can be asked for. Each is loaded only when asked, so that `status` does not pay for `run`.
 */
const entry = (name: string, summary: string, load: () => Promise<{ default: unknown }>): Entry => ({
  name,
  summary,
  load: async () => (await load()).default as Operation,
})

export const OPERATIONS: readonly Entry[] = [
  entry('init', 'Set a repository up: settings file and ledger', () => import('./init.ts')),
  entry('run', 'Add tasks, run agents on them and land what they do', () => import('./run.ts')),
  entry('up', 'Work on the tasks of the board until stopped', () => import('./up.ts')),
  entry('stop', 'Stop the engine, or the attempt at one task', () => import('./stop.ts')),
  entry('status', 'How everything stands, in a few lines', () => import('./status.ts')),
  entry('task add', 'Add a task', () => import('./task-add.ts')),
  entry('task list', 'List the tasks', () => import('./task-list.ts')),
  entry('task show', 'Show one task with all that is known about it', () => import('./task-show.ts')),
  entry('task edit', 'Change a task that nobody works on', () => import('./task-edit.ts')),
  entry('task cancel', 'Cancel a task; what its lane holds is archived', () => import('./task-cancel.ts')),
  entry('task note', 'Leave a note on a task', () => import('./task-note.ts')),
  entry('task retry', 'Take a failed or cancelled task up again', () => import('./task-retry.ts')),
  entry('radar', 'Show which lanes would conflict, uncommitted work included', () => import('./radar.ts')),
  entry('claim', 'Take a task and get its lane', () => import('./claim.ts')),
  entry('heartbeat', 'Extend the lease of a claim', () => import('./heartbeat.ts')),
  entry('note', 'From inside a lane: leave a note on its task', () => import('./note.ts')),
  entry('complete', 'Hand the work of a claim in', () => import('./complete.ts')),
  entry('release', 'Give a task back; its lane is kept', () => import('./release.ts')),
  entry('lane list', 'List the lanes', () => import('./lane-list.ts')),
  entry('lane show', 'Show one lane', () => import('./lane-show.ts')),
  entry('lane path', 'Print the directory of a lane', () => import('./lane-path.ts')),
  entry('lane diff', 'Show what a lane changed, uncommitted work included', () => import('./lane-diff.ts')),
  entry('shell', 'Enter the lane of a task, inside its walls', () => import('./shell.ts')),
  entry('lane keep', 'Keep a lane after its task has landed', () => import('./lane-keep.ts')),
  entry(
    'lane resolve',
    'Say that a lane in which two worked at once is in order',
    () => import('./lane-resolve.ts'),
  ),
  entry('lane remove', 'Archive a lane and remove it', () => import('./lane-remove.ts')),
  entry('lane restore', 'Bring a removed lane back', () => import('./lane-restore.ts')),
  entry('archive list', 'List the archives of removed lanes', () => import('./archive-list.ts')),
  entry(
    'archive show',
    'Show what an archive holds, and how to read it without Worklane',
    () => import('./archive-show.ts'),
  ),
  entry(
    'archive restore',
    'Bring a lane back from one of its archives',
    () => import('./archive-restore.ts'),
  ),
  entry('archive purge', 'Delete archives for good', () => import('./archive-purge.ts')),
  entry('logs', 'Show what an agent printed', () => import('./logs.ts')),
  entry('wait', 'Wait until tasks are finished', () => import('./wait.ts')),
  entry('approve', 'Let a reviewed task land', () => import('./approve.ts')),
  entry('reject', 'Send a reviewed task back with a note', () => import('./reject.ts')),
  entry('land', 'Work the landing queue until nothing can move', () => import('./land.ts')),
  entry('landing list', 'Show the landing queue, and what was verified', () => import('./landing-list.ts')),
  entry(
    'landing pause',
    'Let nothing land until it is resumed; what is being verified is finished',
    () => import('./landing-pause.ts'),
  ),
  entry('landing resume', 'Let the landing queue go on', () => import('./landing-resume.ts')),
  entry(
    'landing withdraw',
    'Take a completed task out of the landing queue; it is pending again',
    () => import('./landing-withdraw.ts'),
  ),
  entry('revert', 'Undo a landed task with a new one', () => import('./revert.ts')),
  entry('prune', 'Remove the lanes of finished tasks', () => import('./prune.ts')),
  entry('events', 'Print what happened', () => import('./events.ts')),
  entry(
    'sandbox test',
    'Try to break out of the walls, and show what held',
    () => import('./sandbox-test.ts'),
  ),
  entry('doctor', 'Find what is not as it should be, and repair it', () => import('./doctor.ts')),
  entry(
    'uninstall',
    'Take Worklane out of the repository; work is archived first',
    () => import('./uninstall.ts'),
  ),
]
