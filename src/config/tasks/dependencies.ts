import { type Place, quoted, usageAt } from '../place.ts'
import type { FileTask } from './file-task.ts'

/**
 * Checks what tasks of one file say about each other: keys once, `after` known, no task that waits for itself, no
 * cycle. Waiting for a task that is ticked off (`done`) is dropped, and so are repeats. `#12` is left to the board.
 * @throws UsageError
 */
export function checkLinks(file: string, tasks: readonly FileTask[], done: ReadonlySet<string>): FileTask[] {
  const byKey = new Map<string, FileTask>()
  for (const task of tasks) {
    if (task.key === null) continue
    const first = byKey.get(task.key)
    if (first !== undefined)
      throw usageAt(
        { file, line: task.line },
        `The key ${quoted(task.key)} is already that of line ${first.line}.`,
        'Give each task a key of its own.',
      )
    byKey.set(task.key, task)
  }
  const linked = tasks.map((task) => ({
    ...task,
    after: knownLinks({ file, line: task.line }, task, byKey, done),
  }))
  refuseCycle(file, linked)
  return linked
}

function knownLinks(
  place: Place,
  task: FileTask,
  byKey: ReadonlyMap<string, FileTask>,
  done: ReadonlySet<string>,
): string[] {
  for (const key of task.after) {
    if (key === task.key)
      throw usageAt(place, 'The task waits for itself.', `Remove ${quoted(key)} from its after.`)
    if (key.startsWith('#') || byKey.has(key) || done.has(key)) continue
    const keys = [...byKey.keys()].slice(0, 10).join(', ')
    throw usageAt(
      place,
      `The task waits for ${quoted(key)}, which is not the key of a task in this file.`,
      keys === '' ? 'Give the other task that key.' : `Keys in this file: ${keys}.`,
    )
  }
  return [...new Set(task.after)].filter((key) => key.startsWith('#') || byKey.has(key))
}

/** Takes away, again and again, tasks that wait for nothing that is left; what stays is in a cycle or behind one. */
function refuseCycle(file: string, tasks: readonly FileTask[]): void {
  const waiting = new Map<string, FileTask[]>()
  const open = new Map<FileTask, number>()
  for (const task of tasks) {
    const keys = task.after.filter((key) => !key.startsWith('#'))
    open.set(task, keys.length)
    for (const key of keys) {
      const others = waiting.get(key)
      if (others === undefined) waiting.set(key, [task])
      else others.push(task)
    }
  }
  const free = tasks.filter((task) => open.get(task) === 0)
  for (let task = free.pop(); task !== undefined; task = free.pop()) {
    open.delete(task)
    for (const next of waiting.get(task.key ?? '') ?? []) {
      const left = (open.get(next) ?? 0) - 1
      open.set(next, left)
      if (left === 0) free.push(next)
    }
  }
  const [stuck] = open.keys()
  if (stuck === undefined) return
  const cycle = cycleFrom(stuck, [...open.keys()])
  const line = cycle[0]?.line ?? 1
  const names = cycle.map((task) => task.key ?? '')
  const shown = names.length > 10 ? [...names.slice(0, 8), '…', ...names.slice(-1)] : names
  throw usageAt(
    { file, line },
    `These tasks wait for each other: ${shown.join(' → ')}.`,
    'Drop one of these dependencies.',
  )
}

/** Each of `tasks` waits for another of them, so following that leads round. */
function cycleFrom(start: FileTask, tasks: readonly FileTask[]): FileTask[] {
  const byKey = new Map(tasks.map((task) => [task.key, task]))
  const path: FileTask[] = []
  let at: FileTask | undefined = start
  while (at !== undefined && !path.includes(at)) {
    path.push(at)
    const next: string | undefined = at.after.find((key) => byKey.has(key))
    at = next === undefined ? undefined : byKey.get(next)
  }
  return at === undefined ? path : [...path.slice(path.indexOf(at)), at]
}
