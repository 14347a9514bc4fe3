import type * as z from 'zod'
import type { Operation } from '../../operations/operation.ts'

/** The parts of a zod schema that decide how a flag is read. */
interface Shape {
  readonly kind: 'boolean' | 'many' | 'one'
  readonly optional: boolean
}

/**
 * Flags and words for the command line parser, from the operation's schema. Values stay text; the schema checks them.
 * `known`: fields that need not be given.
 */
export function parameters(operation: Operation, known: Readonly<Record<string, unknown>> = {}): object {
  const { positional, aliases } = operation
  const flags: Record<string, object> = {
    json: { kind: 'boolean', optional: true, brief: 'Answer as JSON', withNegated: false },
  }
  for (const [name, field] of Object.entries(operation.input.shape as Record<string, z.ZodType>))
    if (![positional?.field, positional?.next?.field, positional?.rest?.field].includes(name))
      flags[name] = flag(field, name in known)
  const fields = operation.input.shape as Record<string, z.ZodType>
  return {
    flags,
    aliases: aliases ?? {},
    ...(positional === undefined ? {} : { positional: words(positional, fields, known) }),
  }
}

function flag(field: z.ZodType, isKnown: boolean): object {
  const { kind, optional } = shapeOf(field)
  const brief = field.description ?? ''
  if (kind === 'boolean') return { kind: 'boolean', optional: true, brief, withNegated: false }
  return {
    kind: 'parsed',
    parse: String,
    brief,
    optional: optional || isKnown,
    ...(kind === 'many' ? { variadic: true, optional: true } : {}),
  }
}

function words(
  { field, label, many, next, rest }: NonNullable<Operation['positional']>,
  fields: Readonly<Record<string, z.ZodType>>,
  known: Readonly<Record<string, unknown>>,
): object {
  const word = (name: string, placeholder: string) => {
    const type = fields[name]
    const optional = (name in known && next === undefined) || (type !== undefined && shapeOf(type).optional)
    return { brief: type?.description ?? '', parse: String, placeholder, optional }
  }
  const { optional: _, ...parameter } = word(field, label)
  if (many === true) return { kind: 'array', parameter }
  if (rest !== undefined) {
    const brief = `${parameter.brief}; behind --: ${(fields[rest.field]?.description ?? '').toLowerCase()}`
    return { kind: 'array', parameter: { ...parameter, brief }, minimum: field in known ? 0 : 1 }
  }
  const parameters = [word(field, label), ...(next === undefined ? [] : [word(next.field, next.label)])]
  return { kind: 'tuple', parameters }
}

function shapeOf(field: z.ZodType): Shape {
  const { type, innerType } = field.def as { type: string; innerType?: z.ZodType }
  if (type === 'optional' && innerType !== undefined) return { ...shapeOf(innerType), optional: true }
  if (type === 'boolean') return { kind: 'boolean', optional: false }
  return { kind: type === 'array' ? 'many' : 'one', optional: false }
}
