import type { Task } from '../../board/task.ts'
import type { RunSummary } from '../../operations/snapshot.ts'
import { rows } from './rows.ts'

/** One sentence or table for each operation's answer. Answers are what `run` of the operation returns. */
type Say = (answer: never) => string | Promise<string>

interface LaneAnswer {
  readonly missing: boolean
  readonly task: number
  readonly state: string
  readonly holder: string
  readonly path: string
  readonly branch: string
  readonly keep: boolean
  readonly warnings: readonly string[]
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

export const ANSWERS: Readonly<Record<string, Say>> = {
  init: ({
    base,
    settings,
    written,
    verify,
  }: {
    base: string
    settings: string
    written: boolean
    verify: string | null
  }) =>
    `${written ? `Wrote ${settings}` : `${settings} is there already`}\nBase branch: ${base}\nVerify command: ${verify ?? 'none yet; landings will be labelled unverified. Set landing.verify.'}\nNext: worklane run "your first task" --command "claude -p"`,
  run: async (summary: RunSummary) => {
    const { summaryLines } = await import('./live/summary.ts')
    return summaryLines(summary).join('\n')
  },
  up: () => 'Stopped. Go on with: worklane up',
  stop: ({ stopped }: { stopped: string }) =>
    `Stopped: ${stopped}. Its work is kept; go on with: worklane run`,
  status: async (answer: never) => (await import('./status-text.ts')).statusText(answer),
  radar: async (answer: never) => (await import('./radar-text.ts')).radarText(answer),
  'task add': ({ id, subject, after }: Task) =>
    `Task ${id}: ${subject}${after.length === 0 ? '' : ` (after ${after.join(', ')})`}`,
  'task list': async ({ tasks }: { tasks: readonly TaskRow[] }) =>
    tasks.length === 0
      ? 'No tasks. Add one with: worklane task add "What is to be done"'
      : await rows(
          tasks.map((task) => [
            `#${task.id}`,
            stateOf(task),
            task.subject,
            [
              ...(task.holder === null ? [] : [`held by ${task.holder}`]),
              ...(task.open ? ['NO WALLS'] : []),
            ].join(', '),
          ]),
        ),
  'task show': async (answer: never) => (await import('./task-text.ts')).taskText(answer),
  'task edit': ({ id, subject }: Task) => `Task ${id}: ${subject}`,
  'task note': noted,
  note: noted,
  'task cancel': ({ tasks }: { tasks: readonly Cancelled[] }) => tasks.map(cancelled).join('\n'),
  'task retry': ({ id }: Task) => `Task ${id} is pending again. Start it with: worklane run`,
  claim: (claim: {
    task: Task
    lane: LaneAnswer
    epoch: number
    leaseUntil: string | null
    notes: readonly { text: string }[]
  }) =>
    [
      `Task ${claim.task.id}: ${claim.task.subject}`,
      ...(claim.task.description === '' ? [] : ['', claim.task.description, '']),
      ...claim.notes.map(({ text }) => `Note: ${text}\n`),
      `Lane:   ${claim.lane.path}`,
      `Branch: ${claim.lane.branch}`,
      ...(claim.leaseUntil === null ? [] : [`Lease:  until ${claim.leaseUntil}`]),
      ...claim.lane.warnings.map((warning) => `Mind:   ${warning}`),
      '',
      `Hand it in with:   worklane complete ${claim.task.id} --epoch ${claim.epoch}`,
      `Give it back with: worklane release ${claim.task.id} --epoch ${claim.epoch}`,
    ].join('\n'),
  heartbeat: ({ id, leaseUntil }: { id: number; leaseUntil: string | null }) =>
    `Task ${id} is yours ${leaseUntil === null ? 'without an end' : `until ${leaseUntil}`}.`,
  complete: ({
    id,
    landing,
    reason,
    commits,
    committed,
  }: {
    id: number
    landing: string | null
    reason: string | null
    commits: number
    committed: readonly string[]
  }) =>
    [
      ...(committed.length === 0
        ? []
        : [
            `Committed what was left: ${committed.slice(0, 5).join(', ')}${committed.length > 5 ? ', …' : ''}`,
          ]),
      landing === null
        ? `Task ${id} needed no change and is done.`
        : `Task ${id} is completed with ${plural(commits, 'commit')}.`,
      ...(landing === 'awaiting_review'
        ? [
            `${reason === null ? '' : `${reason} `}It waits for a review: worklane lane diff ${id}, then worklane approve ${id}`,
          ]
        : []),
      ...(landing === 'queued' ? ['Land it with: worklane land'] : []),
    ].join('\n'),
  release: ({ id, stopping, lane }: { id: number; stopping: boolean; lane: boolean }) =>
    stopping
      ? `The agent on task ${id} is being stopped; then the task is free. See: worklane task show ${id}`
      : `Task ${id} is free again${lane ? '; its lane is kept' : ''}.`,
  'lane list': async (answer: never) => await (await import('./lane-text.ts')).lanesText(answer),
  'lane show': async (answer: never) => (await import('./lane-text.ts')).laneText(answer),
  'lane path': ({ path }: { path: string }) => path,
  'lane diff': ({ diff }: { diff: string }) => diff.replace(/\n$/, ''),
  'lane keep': ({ task, keep }: LaneAnswer) =>
    `The lane of task ${task} is ${keep ? 'kept' : 'no longer kept'} after landing.`,
  'lane remove': ({ task, state, restore }: { task: number; state: string; restore: string }) =>
    `The lane of task ${task} is ${state === 'removed' ? 'archived and removed' : 'out of the way; the engine archives it'}. Bring it back with: ${restore}`,
  'lane restore': ({ task, path, branch }: LaneAnswer) =>
    `The lane of task ${task} is back: ${path} on ${branch}`,
  'archive list': async (answer: never) => await (await import('./archive-text.ts')).archivesText(answer),
  'archive show': async (answer: never) => (await import('./archive-text.ts')).archiveText(answer),
  'archive restore': ({ task, path, branch }: LaneAnswer) =>
    `The lane of task ${task} is back: ${path} on ${branch}`,
  'archive purge': async (answer: never) => (await import('./archive-text.ts')).purgedText(answer),
  shell: async (answer: never) => (await import('./shell-text.ts')).shellText(answer),
  wait: ({ tasks }: { tasks: readonly { id: number; state: string }[] }) =>
    tasks.map(({ id, state }) => `#${id} ${state}`).join('\n'),
  approve: ({ taskId }: { taskId: number }) => `Task ${taskId} is queued. Land it with: worklane land`,
  reject: ({ id, state }: Task) => `Task ${id} is ${state} with your note.`,
  'landing list': async (answer: never) => await (await import('./queue-text.ts')).queueText(answer),
  'landing pause': () => 'Nothing lands until: worklane landing resume',
  'landing resume': () => 'The landing queue goes on.',
  'landing withdraw': ({ taskId }: { taskId: number }) =>
    `Task ${taskId} is out of the landing queue and pending again; its lane is kept.`,
  land: async (answer: never) => (await import('./land-text.ts')).landText(answer),
  revert: ({ id, reverts }: { id: number; reverts: number }) =>
    `Task ${id} undoes task ${reverts} and is queued. Land it with: worklane land`,
  prune: pruned,
  'sandbox test': async (answer: never) => await (await import('./sandbox-text.ts')).sandboxText(answer),
  doctor: async (answer: never) => (await import('./doctor-text.ts')).doctorText(answer),
  uninstall: ({ archives, kept }: { archives: number; kept: string | null }) =>
    kept === null
      ? 'Worklane is gone from this repository.'
      : `Worklane is gone from this repository. ${plural(archives, 'archive')} of lanes, with the ledger: ${kept} (its README.md says how to read them)`,
}

function noted({ id }: { id: number }): string {
  return `Noted for whoever takes task ${id} next.`
}

function pruned({ removed, left, kept, shells }: PruneAnswer): string {
  const what =
    removed.length === 0 ? 'Nothing to prune' : `Removed ${plural(removed.length, 'lane')}, each archived`
  const [first] = kept
  const stay =
    first === undefined
      ? ''
      : `\nKept though finished: ${kept.map((id) => `#${id}`).join(' ')}. To let one go: worklane lane keep ${first} --off, then worklane prune; or worklane lane remove ${first}`
  const entered = shells.map(
    ({ task, process }) =>
      `\nThe lane of task ${task} stays until the shell in it has ended (process ${process}).`,
  )
  return `${what}; ${plural(left, 'lane')} left.${stay}${entered.join('')}`
}

interface PruneAnswer {
  readonly removed: readonly LaneAnswer[]
  readonly left: number
  readonly kept: readonly number[]
  readonly shells: readonly { readonly task: number; readonly process: number }[]
}

interface Cancelled {
  readonly id: number
  readonly lane: 'none' | 'kept' | 'archived'
}

function cancelled({ id, lane }: Cancelled): string {
  const told = {
    none: '',
    kept: ` Its lane stays, because it is kept; to archive and remove it: worklane lane remove ${id}`,
    archived: ` What its lane held is archived: worklane lane restore ${id}`,
  }
  return `Task ${id} is cancelled.${told[lane]}`
}

interface TaskRow {
  readonly id: number
  readonly subject: string
  readonly state: string
  readonly holder: string | null
  readonly open: boolean
  readonly quarantined: boolean
  readonly standing: { readonly kind: string; readonly by?: readonly number[] } | null
}

function stateOf({ state, standing, quarantined, id }: TaskRow): string {
  if (quarantined && state === 'pending') return `waits for a person: worklane lane show ${id}`
  if (standing?.kind === 'blocked') return `waits for ${standing.by?.map((id) => `#${id}`).join(', ') ?? ''}`
  if (standing?.kind === 'unreachable')
    return `unreachable (${standing.by?.map((id) => `#${id}`).join(', ') ?? ''})`
  return standing?.kind === 'ready' ? 'ready' : state.replace('_', ' ')
}
