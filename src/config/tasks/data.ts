import * as z from 'zod'
import { checkFields, commandRule, type FieldRule, field, listOf, optional, trueOrFalse } from '../fields.ts'
import { parseYaml, type YamlSource } from '../yaml-source.ts'
import { type FileTask, MOST_TASKS, type ParsedFile, plainTask } from './file-task.ts'
import { ATTEMPTS, KEY, NETWORK, PRIORITY, REFERENCE, TIME_LIMIT, TOUCHES } from './rules.ts'

const TEXT: FieldRule<string> = { schema: z.string(), must: 'text', example: 'subject: "Add a login page"' }

const FIELDS = {
  subject: field(TEXT),
  description: optional(TEXT, ''),
  key: optional(KEY, null),
  after: listOf(REFERENCE),
  priority: optional(PRIORITY, 0),
  command: optional(commandRule('command: claude -p'), null),
  checks: listOf(commandRule('checks: ["npm test"]')),
  touches: listOf(TOUCHES),
  attempts: optional(ATTEMPTS, null),
  timeLimit: optional(TIME_LIMIT, null),
  network: optional(NETWORK, null),
  allowEmpty: optional(trueOrFalse('allowEmpty: true'), false),
  review: optional(trueOrFalse('review: true'), false),
}

const TASK: z.ZodType<Omit<FileTask, 'line'>> = z.strictObject(FIELDS)

const LIST: FieldRule<unknown[]> = {
  schema: z.array(z.unknown()),
  must: 'a list of tasks',
  example: 'tasks: ["Add a login page"]',
}

const ROOT = z.strictObject({ tasks: optional(LIST, []) })

/**
 * The tasks of a YAML or JSON file: a list, or a mapping with `tasks: […]`. An item is a subject, or a mapping with
 * `subject` and any of `description`, `key`, `after`, `priority`, `command`, `checks`, `touches`, `attempts`, `timeLimit`,
 * `network`, `allowEmpty`, `review`.
 * @throws UsageError
 */
export function parseDataTasks(file: string, text: string): ParsedFile {
  const source = parseYaml(file, text)
  const { items, path } = listIn(source)
  // One more than allowed is enough to refuse the file.
  const tasks = items.slice(0, MOST_TASKS + 1).map((item, index) => parseItem(source, [...path, index], item))
  return { tasks, done: [] }
}

function listIn(source: YamlSource): { items: readonly unknown[]; path: readonly PropertyKey[] } {
  const { value } = source
  if (value === null || value === undefined) return { items: [], path: [] }
  if (Array.isArray(value)) return { items: value, path: [] }
  const subject = { source, path: [], what: 'The file, where it is not a list,', known: () => ['tasks'] }
  return { items: checkFields(subject, value, ROOT).tasks, path: ['tasks'] }
}

function parseItem(source: YamlSource, path: readonly PropertyKey[], item: unknown): FileTask {
  const { line } = source.place(path)
  if (typeof item === 'string') return plainTask(item, line)
  const known = () => Object.keys(FIELDS)
  return { ...checkFields({ source, path, what: 'A task, where it is not text,', known }, item, TASK), line }
}
