import { existsSync, statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { type Refusal, refuse } from '../board/refusal.ts'
import type { TaskDraft } from '../board/task.ts'
import { checkSubject } from '../config/task-text.ts'
import type { FileTask } from '../config/tasks/file-task.ts'
import { UsageError } from '../config/usage-error.ts'
import type { World } from '../engine/world.ts'

/**
 * The words after `run`: one task file, or subjects. Read and checked whole before anything is written.
 * A place in the file becomes a negative number (-1 is the first), as `addTasks` wants it.
 */
export async function draftsFrom(
  world: World,
  cwd: string,
  words: readonly string[],
  review: boolean,
): Promise<TaskDraft[]> {
  const [first] = words
  if (words.length === 1 && first !== undefined && isTaskFile(cwd, first)) {
    // Loads Markdown, YAML and schema libraries, some 150 ms.
    const { readTaskFile } = await import('../config/task-file.ts')
    const tasks = await readTaskFile(resolve(cwd, first))
    const place = new Map(
      tasks.flatMap((task, at) => (task.key === null ? [] : [[task.key, -at - 1] as const])),
    )
    return tasks.map((task) => fromFile(world, task, place, review))
  }
  return words.map((word) => ({ ...plain(world, review), subject: checkSubject(word) }))
}

const ENDINGS = ['.md', '.markdown', '.yaml', '.yml', '.json', '.txt']

function isTaskFile(cwd: string, word: string): boolean {
  const path = resolve(cwd, word)
  if (existsSync(path)) {
    if (statSync(path).isFile()) return true
    throw new UsageError(`${word} is a directory, not a task file.`, {
      hint: `Name a file in it, such as ${word}/tasks.md`,
    })
  }
  if (!/\s/.test(word) && ENDINGS.includes(extname(word)))
    throw new UsageError(`There is no file ${word}.`, {
      hint: 'Check the path, or give the task itself as words in quotes.',
    })
  return false
}

function plain(world: World, review: boolean): TaskDraft {
  const maxAttempts = world.settings.agents.attempts
  return {
    subject: '',
    description: '',
    priority: 0,
    maxAttempts,
    timeLimit: null,
    command: null,
    checks: [],
    allowEmpty: false,
    review,
    after: [],
  }
}

function fromFile(
  world: World,
  task: FileTask,
  place: ReadonlyMap<string, number>,
  review: boolean,
): TaskDraft {
  const base = plain(world, review)
  const { subject, description, priority, command, checks, timeLimit, allowEmpty } = task
  const after = task.after.map((key) => place.get(key) ?? Number(key.replace('#', '')))
  return {
    ...base,
    subject,
    description,
    priority,
    command,
    checks,
    timeLimit,
    allowEmpty,
    after,
    review: review || task.review,
    maxAttempts: task.attempts ?? base.maxAttempts,
  }
}

/** Says early what would otherwise make every attempt fail. */
export function needsCommand(
  world: World,
  command: string | undefined,
  drafts: readonly TaskDraft[],
  pending: readonly Pick<TaskDraft, 'command'>[],
): Refusal | null {
  if (command !== undefined || world.settings.agents.command !== null) return null
  if (drafts.length > 0 && drafts.every((draft) => draft.command !== null)) return null
  if (drafts.length === 0 && pending.every((task) => task.command !== null)) return null
  return refuse(
    'no-agent',
    'No agent is set to work on the tasks.',
    'Give one with --command "claude -p", or write agents.command into worklane.yaml.',
  )
}
