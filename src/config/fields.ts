import * as z from 'zod'
import { nearestHint } from './nearest.ts'
import { quoted, usageAt } from './place.ts'
import { UsageError } from './usage-error.ts'
import type { YamlSource } from './yaml-source.ts'

/** What may stand in a field: `schema` accepts and converts, `must` completes "X must be …", `example` is a hint. */
export interface FieldRule<T> {
  readonly schema: z.ZodType<T>
  readonly must: string
  readonly example: string
}

/** A field whose every error tells what it must be. A converter may throw UsageError; its sentence is kept. */
export function field<T>(rule: FieldRule<T>): z.ZodType<T> {
  return z.unknown().transform((input, context): T => {
    const answer = attempt(rule, input)
    if ('value' in answer) return answer.value
    context.issues.push({ code: 'custom', input, message: answer.sentence, params: { hint: answer.hint } })
    return z.NEVER
  })
}

type Answer<T> = { readonly value: T } | { readonly sentence: string; readonly hint: string }

/** The sentence follows the name of the field at once, and has no full stop. */
function attempt<T>(rule: FieldRule<T>, input: unknown): Answer<T> {
  try {
    const result = rule.schema.safeParse(input)
    if (result.success) return { value: result.data }
    return { sentence: ` must be ${rule.must}${insteadOf(input)}`, hint: `For example: ${rule.example}` }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { sentence: `: ${error.message.replace(/\.$/, '')}`, hint: error.hint }
  }
}

/** As `field`, for one value outside a document. */
export function takeField<T>(name: string, rule: FieldRule<T>, input: unknown): T {
  const answer = attempt(rule, input)
  if ('value' in answer) return answer.value
  throw new UsageError(`${name}${answer.sentence}.`, { hint: answer.hint })
}

/** A field that may be left out or empty (null): `fallback` then. */
export function optional<T, F>(rule: FieldRule<T>, fallback: F): z.ZodType<T | F> {
  return field(rule)
    .nullish()
    .transform((value) => value ?? fallback)
}

/** A list, or one item alone; left out or empty, `fallback`. */
export function listOf<T>(rule: FieldRule<T>, fallback: readonly T[] = []): z.ZodType<readonly T[]> {
  return z
    .unknown()
    .optional()
    .transform((value) => (Array.isArray(value) ? value : [value ?? fallback].flat()))
    .pipe(z.array(field(rule)))
}

/** A mapping with exactly these keys; left out or empty, it is as if it were there with none of them. */
export function section<S extends z.core.$ZodShape>(shape: S) {
  return z
    .unknown()
    .optional()
    .transform((value) => value ?? {})
    .pipe(z.strictObject(shape))
}

/** What is checked: the part of `source` at `path`, called `what` in messages; `known` names the keys below it. */
export interface Subject {
  readonly source: YamlSource
  readonly path: readonly PropertyKey[]
  readonly what: string
  known(path: readonly PropertyKey[]): readonly string[]
}

/** Checks a value against its schema; the first error becomes a UsageError with its place. */
export function checkFields<T>(subject: Subject, value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  // A misspelt name first: that something else is missing often follows from it.
  const issue = result.error.issues.find(({ code }) => code === 'unrecognized_keys') ?? result.error.issues[0]
  if (issue === undefined) throw result.error
  const { source, path } = subject
  const known = subject.known(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys[0] ?? ''
    const sentence = `${quoted(dotted([...issue.path, name]))} is not known here.`
    throw usageAt(source.place([...path, ...issue.path, name]), sentence, nearestHint(name, known))
  }
  const own = issue.code === 'custom'
  const hint: unknown = own ? issue.params?.hint : undefined
  const name = issue.path.length === 0 ? subject.what : dotted(issue.path)
  throw usageAt(
    source.place([...path, ...issue.path]),
    `${name}${own ? issue.message : ' must be a mapping of names to values'}.`,
    typeof hint === 'string' ? hint : `Known here: ${known.join(', ')}.`,
  )
}

/** `lanes.copy[1]` */
function dotted(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`,
    )
    .join('')
}

function insteadOf(value: unknown): string {
  if (value === undefined) return ' and is missing'
  if (value === null) return ' and is empty'
  if (Array.isArray(value)) return '; it is a list'
  if (typeof value === 'object') return '; it is a mapping'
  return `; it is ${typeof value === 'string' ? quoted(value) : String(value)}`
}

/** Text of a command for a shell: one or more lines, never empty. */
export function commandRule(example: string): FieldRule<string> {
  return {
    schema: z
      .string()
      .max(10_000)
      .refine((text) => text.trim() !== '' && !text.includes('\0') && text.isWellFormed()),
    must: 'a shell command of at most 10,000 characters',
    example,
  }
}

export function wholeNumber(from: number, to: number, example: string): FieldRule<number> {
  return { schema: z.int().min(from).max(to), must: `a whole number from ${from} to ${to}`, example }
}

export function trueOrFalse(example: string): FieldRule<boolean> {
  return { schema: z.boolean(), must: 'true or false', example }
}

/** Text that `parse` converts; `parse` throws UsageError for what it does not take. */
export function converted(parse: (text: string) => number, must: string, example: string): FieldRule<number> {
  return { schema: z.string().transform(parse), must, example }
}
