import type { NetworkPolicy } from './network.ts'
import { type Refusal, refuse } from './refusal.ts'
import { follow, type Transition } from './transition.ts'

/** A task is one piece of work asked for. `blocked` and `unreachable` are derived, see `standing`. */
export const TASK_STATES = ['pending', 'in_progress', 'completed', 'landed', 'failed', 'cancelled'] as const
export type TaskState = (typeof TASK_STATES)[number]
export type TaskStep =
  | 'claim'
  | 'give_back'
  | 'give_up'
  | 'complete'
  | 'complete_empty'
  | 'return'
  | 'land'
  | 'cancel'
  | 'retry'

export const TASK_TRANSITIONS: readonly Transition<TaskState, TaskStep>[] = [
  { from: 'pending', step: 'claim', to: 'in_progress' },
  { from: 'in_progress', step: 'give_back', to: 'pending' },
  { from: 'in_progress', step: 'give_up', to: 'failed' },
  { from: 'in_progress', step: 'complete', to: 'completed' },
  { from: 'in_progress', step: 'complete_empty', to: 'landed' },
  { from: 'completed', step: 'return', to: 'pending' },
  { from: 'completed', step: 'give_up', to: 'failed' },
  { from: 'completed', step: 'land', to: 'landed' },
  { from: 'pending', step: 'cancel', to: 'cancelled' },
  { from: 'in_progress', step: 'cancel', to: 'cancelled' },
  { from: 'completed', step: 'cancel', to: 'cancelled' },
  { from: 'failed', step: 'cancel', to: 'cancelled' },
  { from: 'failed', step: 'retry', to: 'pending' },
  { from: 'cancelled', step: 'retry', to: 'pending' },
]

export interface Task {
  readonly id: number
  readonly subject: string
  readonly description: string
  /** Higher goes first; 0 unless said otherwise. */
  readonly priority: number
  readonly state: TaskState
  /** Number of the latest lease; rises with each claim, never reused. */
  readonly epoch: number
  /** Attempts that ended without a landing and count against `maxAttempts`. */
  readonly failures: number
  readonly maxAttempts: number
  /** Wall time of one attempt in milliseconds; null for no limit. */
  readonly timeLimit: number | null
  /** What its programs may reach; null for what the settings say. */
  readonly network: NetworkPolicy | null
  /** Shell command of the agent; null for the engine's default. */
  readonly command: string | null
  /** Command run on the exact merged commit; null for the engine's default. */
  readonly verify: string | null
  /** Commands that must succeed in the lane before the task counts as completed. */
  readonly checks: readonly string[]
  /** Patterns of the paths that it expects to change. */
  readonly touches: readonly string[]
  /** True when a task may complete without a commit. */
  readonly allowEmpty: boolean
  readonly review: boolean
  /** The commit that the latest `complete` froze. */
  readonly result: string | null
  readonly after: readonly number[]
  readonly createdAt: number
  readonly updatedAt: number
}

/** What a person or a task file may say about a new task. */
export interface TaskDraft {
  readonly subject: string
  readonly description: string
  readonly priority: number
  readonly maxAttempts: number
  readonly timeLimit: number | null
  readonly network: NetworkPolicy | null
  readonly command: string | null
  readonly verify: string | null
  readonly checks: readonly string[]
  readonly touches: readonly string[]
  readonly allowEmpty: boolean
  readonly review: boolean
  readonly after: readonly number[]
}

/** How a task stands among its dependencies; unblocked only when each of them has landed. */
export type Standing =
  | { readonly kind: 'ready' }
  | { readonly kind: 'blocked'; readonly by: readonly number[] }
  | { readonly kind: 'unreachable'; readonly by: readonly number[] }

/**
 * `states` gives the state of each task; a dependency that failed or was cancelled, or that is itself
 * unreachable, makes the task unreachable.
 */
export function standing(
  task: Pick<Task, 'after'>,
  tasks: ReadonlyMap<number, Pick<Task, 'state' | 'after'>>,
): Standing {
  const open: number[] = []
  const dead: number[] = []
  for (const id of task.after) {
    const other = tasks.get(id)
    if (other === undefined || other.state === 'landed') continue
    if (cannotLand(id, tasks)) dead.push(id)
    else open.push(id)
  }
  if (dead.length > 0) return { kind: 'unreachable', by: dead }
  if (open.length > 0) return { kind: 'blocked', by: open }
  return { kind: 'ready' }
}

/** It, or anything that it waits for, failed or was cancelled. Looks at each once: many may share what they wait for. */
function cannotLand(id: number, tasks: ReadonlyMap<number, Pick<Task, 'state' | 'after'>>): boolean {
  const toSee = new Set([id])
  for (const at of toSee) {
    const task = tasks.get(at)
    if (task === undefined || task.state === 'landed') continue
    if (task.state === 'failed' || task.state === 'cancelled') return true
    for (const on of task.after) toSee.add(on)
  }
  return false
}

/** The task's next state, or the refusal that says what can be done from where it is. */
export function stepTask(task: Pick<Task, 'id' | 'state'>, step: TaskStep): TaskState | Refusal {
  const to = follow(TASK_TRANSITIONS, task.state, step)
  if (to !== undefined) return to
  return refuse(
    step === 'claim' ? 'already-claimed' : 'wrong-state',
    `Task ${task.id} is ${task.state.replace('_', ' ')} and cannot ${step.replace('_', ' ')}.`,
    waysOn(task),
  )
}

/** The steps that a person can ask for, as commands; the others follow from what agents and landings do. */
const COMMANDS: Readonly<Partial<Record<TaskStep, (id: number) => string>>> = {
  claim: (id) => `worklane claim ${id} --as NAME`,
  give_back: (id) => `worklane release ${id} --force`,
  return: (id) => `worklane landing withdraw ${id}`,
  cancel: (id) => `worklane task cancel ${id}`,
  retry: (id) => `worklane task retry ${id}`,
}

/** What a person can do about the task from where it is. */
export function waysOn({ id, state }: Pick<Task, 'id' | 'state'>): string {
  if (state === 'landed') return `A landed task is finished; to undo it: worklane revert ${id}`
  const ways = TASK_TRANSITIONS.filter(({ from }) => from === state).map(({ step }) => COMMANDS[step]?.(id))
  return `What can be done: ${ways.filter((way) => way !== undefined).join(', or ')}`
}

/** Whether one more failed attempt ends the task. */
export function attemptsSpent(task: Pick<Task, 'failures' | 'maxAttempts'>): boolean {
  return task.failures + 1 >= task.maxAttempts
}

/**
 * Checks the dependencies of tasks before any is written: unknown ids, self and cycles.
 * `edges` holds, for each known task, the ids that it waits for, the new ones included.
 */
export function checkDependencies(edges: ReadonlyMap<number, readonly number[]>): Refusal | null {
  for (const [id, after] of edges) {
    for (const on of after) {
      if (on === id)
        return refuse('dependency-on-itself', `Task ${id} cannot wait for itself.`, 'Remove it from --after.')
      if (!edges.has(on))
        return refuse(
          'unknown-dependency',
          `Task ${id} waits for task ${on}, which does not exist.`,
          'See the numbers with: worklane task list',
        )
    }
  }
  const done = new Set<number>()
  for (const start of edges.keys()) {
    const cycle = findCycle(start, edges, done)
    if (cycle)
      return refuse(
        'dependency-cycle',
        `These tasks wait for each other: ${cycle.join(' → ')}.`,
        'Drop one of these dependencies.',
      )
  }
  return null
}

/** Depth-first with an explicit stack, so that ten thousand chained tasks do not overflow the call stack. */
function findCycle(
  start: number,
  edges: ReadonlyMap<number, readonly number[]>,
  done: Set<number>,
): number[] | null {
  const path: number[] = []
  const onPath = new Set<number>()
  const stack: { id: number; leave: boolean }[] = [{ id: start, leave: false }]
  for (let item = stack.pop(); item; item = stack.pop()) {
    if (item.leave) {
      path.pop()
      onPath.delete(item.id)
      done.add(item.id)
      continue
    }
    if (onPath.has(item.id)) return [...path.slice(path.indexOf(item.id)), item.id]
    if (done.has(item.id)) continue
    path.push(item.id)
    onPath.add(item.id)
    stack.push({ id: item.id, leave: true })
    for (const next of edges.get(item.id) ?? []) stack.push({ id: next, leave: false })
  }
  return null
}
