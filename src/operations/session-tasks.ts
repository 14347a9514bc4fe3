import { type Stats, statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import type { Task, TaskDraft } from '../board/task.ts'
import { printable } from '../config/place.ts'
import { isOpenAlready, notAFile } from '../config/source.ts'
import { checkSubject } from '../config/task-text.ts'
import type { FileTask } from '../config/tasks/file-task.ts'
import { UsageError } from '../config/usage-error.ts'
import type { World } from '../engine/world.ts'
import { addTasks, listTasks } from '../ledger/tasks.ts'
import type { Tx } from '../ledger/transact.ts'
import type { Context } from './operation.ts'

/**
 * The words after `run`: task files and subjects, in any mix. Read and checked whole before anything is written.
 * A place among all of them becomes a negative number (-1 is the first), as `addTasks` wants it.
 */
export async function draftsFrom(
  world: World,
  cwd: string,
  words: readonly string[],
  rules: DraftRules,
): Promise<RunDraft[]> {
  const drafts: RunDraft[] = []
  for (const word of words) {
    if (isTaskFile(cwd, word, words.length === 1))
      drafts.push(...(await fromFile(world, resolve(cwd, word), drafts.length, rules)))
    else drafts.push({ ...plain(world, rules), subject: checkSubject(word), file: false })
  }
  return drafts
}

export interface DraftRules {
  readonly review: boolean
  /** The agent of tasks that name none; kept with them, so that a later `run` goes on with it. */
  readonly command: string | null
  readonly verify: string | null
}

/** `file`: it stands in a task file, so the same file again means the same task. */
export type RunDraft = TaskDraft & { readonly file: boolean }

async function fromFile(world: World, path: string, offset: number, rules: DraftRules): Promise<RunDraft[]> {
  // Loads Markdown, YAML and schema libraries, some 150 ms.
  const { readTaskFile } = await import('../config/task-file.ts')
  const tasks = await readTaskFile(path)
  const place = new Map(
    tasks.flatMap((task, at) => (task.key === null ? [] : [[task.key, -(offset + at) - 1] as const])),
  )
  return tasks.map((task) => ({ ...toDraft(world, task, place, rules), file: true }))
}

/**
 * Adds the drafts, but for those of files that are on the board already, in whatever state but cancelled: the same
 * file again goes on where it stopped. Answers the numbers of all, in order.
 */
export async function addOrFind(tx: Tx, drafts: readonly RunDraft[]): Promise<readonly number[] | Refusal> {
  const known = await listTasks(tx.db)
  const found = drafts.map((draft) => known.find((task) => same(task, draft))?.id)
  const missing = drafts.filter((_, at) => found[at] === undefined)
  const placeOf = new Map(missing.map((draft, at) => [drafts.indexOf(draft), -at - 1]))
  const moved = (on: number): number => (on > 0 ? on : (found[-on - 1] ?? placeOf.get(-on - 1) ?? on))
  const added = await addTasks(
    tx,
    missing.map(({ file: _file, ...draft }) => ({ ...draft, after: draft.after.map(moved) })),
  )
  if (isRefusal(added)) return added
  let next = 0
  return found.map((id) => id ?? added[next++] ?? 0)
}

/** The agents of what a run works on: of the drafts, as the board has them already, or of all that is pending. */
export async function commandsOf(world: World, drafts: readonly RunDraft[]): Promise<(string | null)[]> {
  const known = await listTasks(world.ledger.db)
  if (drafts.length === 0)
    return known.filter(({ state }) => state === 'pending').map(({ command }) => command)
  return drafts.map((draft) => known.find((task) => same(task, draft))?.command ?? draft.command)
}

/** Only what stands in a file is looked for on the board: words given twice are two tasks. */
function same(task: Task, draft: RunDraft): boolean {
  return (
    draft.file &&
    task.state !== 'cancelled' &&
    task.subject === draft.subject &&
    task.description === draft.description
  )
}

const ENDINGS = ['.md', '.markdown', '.yaml', '.yml', '.json', '.txt']

/** Any other file says nothing of tasks: among other words its name is a word, and alone nobody knows what was meant. */
function isTaskFile(cwd: string, word: string, isAlone: boolean): boolean {
  const path = resolve(cwd, word)
  const is = word === '' ? undefined : statIfThere(path)
  if (is !== undefined && isOpenAlready(path, is)) return true
  if (is?.isFile() === false) throw notAFile(word, is)
  const hasEnding = ENDINGS.includes(extname(word).toLowerCase())
  if (is !== undefined && isAlone && !hasEnding)
    throw new UsageError(`${printable(word, 200)} is a file, but no task file.`, {
      hint: 'A task file ends in .md, .yaml, .yml, .json or .txt. A task in words is more than the name of a file.',
    })
  if (is !== undefined) return hasEnding
  if (!/\s/.test(word) && hasEnding)
    throw new UsageError(`There is no file ${printable(word, 200)}.`, {
      hint: 'Check the path, or give the task itself as words in quotes.',
    })
  return false
}

/** What cannot be a path at all, such as a very long text, is none. */
function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function plain(world: World, { review, command, verify }: DraftRules): TaskDraft {
  const maxAttempts = world.settings.agents.attempts
  return {
    subject: '',
    description: '',
    priority: 0,
    maxAttempts,
    timeLimit: null,
    network: null,
    command,
    verify,
    checks: [],
    touches: [],
    allowEmpty: false,
    review,
    after: [],
  }
}

function toDraft(
  world: World,
  task: FileTask,
  place: ReadonlyMap<string, number>,
  rules: DraftRules,
): TaskDraft {
  const base = plain(world, rules)
  const { subject, description, priority, command, checks, touches, timeLimit, network, allowEmpty } = task
  const after = task.after.map((key) => place.get(key) ?? Number(key.replace('#', '')))
  return {
    ...base,
    subject,
    description,
    priority,
    command: command ?? base.command,
    checks,
    touches,
    timeLimit,
    network,
    allowEmpty,
    after,
    review: base.review || task.review,
    maxAttempts: task.attempts ?? base.maxAttempts,
  }
}

/** Says early what would otherwise make every attempt fail. `commands` holds the agent of each task at hand. */
export function needsCommand(
  world: World,
  command: string | undefined,
  commands: readonly (string | null)[],
): Refusal | null {
  if (command !== undefined || world.settings.agents.command !== null || !commands.includes(null)) return null
  return refuse(
    'no-agent',
    'No agent is set to work on the tasks.',
    'Give one with --command "claude -p", or write agents.command into worklane.yaml.',
  )
}

/**
 * Says which tasks the given commands do not reach: what a task was added with is its own. Of the drafts those that are
 * on the board already; without drafts all of the board.
 */
export async function tellOwnCommands(
  { world, report }: Pick<Context, 'world' | 'report'>,
  drafts: readonly RunDraft[],
  given: { readonly command: string | undefined; readonly verify: string | undefined },
): Promise<void> {
  const open = (await listTasks(world.ledger.db)).filter(
    (task) => task.state === 'pending' && (drafts.length === 0 || drafts.some((draft) => same(task, draft))),
  )
  for (const what of ['command', 'verify'] as const) {
    const own = open.filter((task) => task[what] !== null && task[what] !== given[what])
    const [first] = own
    if (given[what] === undefined || first === undefined) continue
    const numbers = own
      .slice(0, 5)
      .map(({ id }) => `#${id}`)
      .join(', ')
    const edit = what === 'command' ? `; change it with: worklane task edit ${first.id} --command …` : ''
    report({
      kind: 'text',
      text: `--${what} is for tasks without one; ${numbers}${own.length > 5 ? ', …' : ''} keep their own${edit}`,
    })
  }
}
