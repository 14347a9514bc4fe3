import { basename, extname } from 'node:path'
import { printable, usageAt, within } from './place.ts'
import { readSource, tooLarge } from './source.ts'
import { checkDescription, checkSubject } from './task-text.ts'
import { parseDataTasks } from './tasks/data.ts'
import { checkLinks } from './tasks/dependencies.ts'
import { type FileTask, MOST_TASKS, type ParsedFile, plainTask } from './tasks/file-task.ts'
import { parseMarkdownTasks } from './tasks/markdown.ts'
import { UsageError } from './usage-error.ts'

export type { FileTask } from './tasks/file-task.ts'

const LARGEST_FILE = 5 * 2 ** 20

type Parser = (file: string, text: string) => ParsedFile

const PARSERS: ReadonlyMap<string, Parser> = new Map([
  ['.md', parseMarkdownTasks],
  ['.markdown', parseMarkdownTasks],
  ['.yaml', parseDataTasks],
  ['.yml', parseDataTasks],
  ['.json', parseDataTasks],
  ['.txt', parseLines],
  ['', parseLines],
])

/**
 * Reads a task file; see `parseTaskFile`. Loading this module loads a Markdown, a YAML and a schema library, some
 * 150 ms: import it where a task file is named, not before.
 * @throws UsageError
 */
export async function readTaskFile(path: string): Promise<FileTask[]> {
  const text = await readSource(path, LARGEST_FILE)
  if (text !== null) return parseTaskFile(path, text)
  throw new UsageError(`There is no file ${printable(path, 200)}.`, {
    hint: 'Check the path of the task file.',
  })
}

/**
 * The tasks of a file, in its order, checked. The ending of `name` says what it is:
 *
 * - `.md`, `.markdown`: a list or headings, with attributes; see `parseMarkdownTasks` for the grammar.
 * - `.yaml`, `.yml`, `.json`: a list, or `tasks:` with one; see `parseDataTasks`.
 * - `.txt`, or none as a stream has (`/dev/stdin`): each line that is not empty is a subject, word for word.
 *
 * The text is data throughout: nothing in it is run, looked up or filled in.
 * @throws UsageError with file, line, one sentence and a hint, for the first thing that is wrong
 */
export function parseTaskFile(name: string, text: string): FileTask[] {
  const parse = PARSERS.get(extname(basename(name)).toLowerCase())
  if (parse === undefined)
    throw new UsageError(`${printable(name, 200)} is not a kind of task file that can be read.`, {
      hint: `Use one of ${[...PARSERS.keys()].filter((ending) => ending !== '').join(', ')}.`,
    })
  if (Buffer.byteLength(text) > LARGEST_FILE) throw tooLarge(name, LARGEST_FILE)
  refuseNul(name, text)
  const { tasks, done } = parse(name, text.replace(/^\uFEFF+/, ''))
  if (tasks.length === 0) throw noTasks(name, text, done.length > 0)
  if (tasks.length > MOST_TASKS) {
    const line = tasks[MOST_TASKS]?.line ?? 1
    throw usageAt({ file: name, line }, `The file holds more than ${MOST_TASKS} tasks.`, 'Split it.')
  }
  return checkLinks(
    name,
    tasks.map((task) => checkTexts(name, task)),
    new Set(done),
  )
}

function refuseNul(name: string, text: string): void {
  const nul = text.indexOf('\0')
  if (nul === -1) return
  const line = text.slice(0, nul).split('\n').length
  throw usageAt({ file: name, line }, 'The file holds a NUL character here.', 'Save it as plain text.')
}

function noTasks(name: string, text: string, allDone: boolean): UsageError {
  const place = { file: name, line: 1 }
  if (text.trim() === '')
    return usageAt(place, 'The file is empty.', 'Write one task a line, or a list of tasks.')
  if (allDone)
    return usageAt(place, 'Every task in the file is ticked off.', 'Add a task: - [ ] what is to be done')
  return usageAt(
    place,
    'The file holds no tasks.',
    'Write a list item (- …) or a heading (## …) for each task.',
  )
}

function checkTexts(file: string, task: FileTask): FileTask {
  return within({ file, line: task.line }, () => ({
    ...task,
    subject: checkSubject(task.subject),
    description: checkDescription(task.description),
  }))
}

function parseLines(_file: string, text: string): ParsedFile {
  const tasks = text
    .split(/\r\n|\n|\r/)
    .map((subject, index) => plainTask(subject, index + 1))
    .filter((task) => task.subject.trim() !== '')
  return { tasks, done: [] }
}
