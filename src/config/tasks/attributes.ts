import { type FieldRule, takeField } from '../fields.ts'
import { nearestHint } from '../nearest.ts'
import { quoted } from '../place.ts'
import { UsageError } from '../usage-error.ts'
import type { FileTask } from './file-task.ts'
import { ATTEMPTS, KEY, networkRule, PRIORITY, REFERENCE, TIME_LIMIT, TOUCHES } from './rules.ts'

export type Attributes = Partial<
  Pick<
    FileTask,
    'key' | 'after' | 'touches' | 'priority' | 'attempts' | 'timeLimit' | 'network' | 'review' | 'allowEmpty'
  >
>

/** A rule with its example as one writes it here. */
const here = <T>(rule: FieldRule<T>, example: string): FieldRule<T> => ({ ...rule, example })
const HERE = {
  key: here(KEY, '{#login-page}'),
  reference: here(REFERENCE, '{after=schema,#12}'),
  touches: here(TOUCHES, '{touches=src/login/**,README.md}'),
  priority: here(PRIORITY, '{priority=2}'),
  attempts: here(ATTEMPTS, '{attempts=3}'),
  timeLimit: here(TIME_LIMIT, '{timeLimit=30m}'),
  network: networkRule('{network=off} or {network=api.anthropic.com,registry.npmjs.org}'),
}

/** Each option: what `name=value` gives. Commands and checks are for YAML, where text needs no quoting of its own. */
const OPTIONS: ReadonlyMap<string, (value: string) => Attributes> = new Map([
  ['key', (value: string): Attributes => ({ key: takeField('key', HERE.key, value) })],
  [
    'after',
    (value: string): Attributes => ({
      after: value.split(',').map((name) => takeField('after', HERE.reference, name)),
    }),
  ],
  [
    'touches',
    (value: string): Attributes => ({
      touches: value.split(',').map((pattern) => takeField('touches', HERE.touches, pattern)),
    }),
  ],
  [
    'priority',
    (value: string): Attributes => ({ priority: takeField('priority', HERE.priority, number(value)) }),
  ],
  [
    'attempts',
    (value: string): Attributes => ({ attempts: takeField('attempts', HERE.attempts, number(value)) }),
  ],
  [
    'timeLimit',
    (value: string): Attributes => ({ timeLimit: takeField('timeLimit', HERE.timeLimit, value) }),
  ],
  ['network', (value: string): Attributes => ({ network: takeField('network', HERE.network, value) })],
])

const FLAGS: ReadonlyMap<string, Attributes> = new Map([
  ['review', { review: true }],
  ['allowEmpty', { allowEmpty: true }],
])

const AS_TEXT = 'To keep the braces as text, write \\{ for the first.'

/**
 * Splits a subject line into its text and the attributes in braces at its end; `parseMarkdownTasks` documents them.
 * @throws UsageError
 */
export function splitAttributes(line: string): { text: string; attributes: Attributes } {
  const text = line.trim()
  const start = text.endsWith('}') ? text.lastIndexOf('{') : -1
  const inner = text.slice(start + 1, -1)
  if (start === -1 || inner.includes('}') || inner.trim() === '') return { text, attributes: {} }
  if (text[start - 1] === '\\') return { text: text.slice(0, start - 1) + text.slice(start), attributes: {} }
  if (start > 0 && !/\s/.test(text[start - 1] ?? '')) return { text, attributes: {} }
  return { text: text.slice(0, start).trimEnd(), attributes: parseAttributes(inner) }
}

function parseAttributes(inner: string): Attributes {
  let attributes: Attributes = {}
  for (const word of inner.trim().split(/\s+/)) {
    const next = parseWord(word)
    const twice = Object.keys(next).find((name) => name in attributes)
    if (twice !== undefined)
      throw new UsageError(`The attribute ${twice} is given twice.`, { hint: 'Keep one of the two.' })
    attributes = { ...attributes, ...next }
  }
  return attributes
}

function parseWord(word: string): Attributes {
  if (word.startsWith('#')) return { key: takeField('key', HERE.key, word.slice(1)) }
  const equals = word.indexOf('=')
  const flag = FLAGS.get(word)
  if (flag !== undefined) return flag
  const name = equals === -1 ? word : word.slice(0, equals)
  const option = OPTIONS.get(name)
  if (option === undefined)
    throw new UsageError(`${quoted(name)} is not an attribute.`, {
      hint: `${nearestHint(name, [...OPTIONS.keys(), ...FLAGS.keys()])} ${AS_TEXT}`,
    })
  if (equals === -1)
    throw new UsageError(`The attribute ${name} needs a value.`, { hint: `Write ${name}=… . ${AS_TEXT}` })
  return option(word.slice(equals + 1))
}

function number(text: string): unknown {
  return /^-?\d{1,9}$/.test(text) ? Number(text) : text
}
