import type * as z from 'zod'
import type { Operation } from '../../operations/operation.ts'

/** The parts of a zod schema that decide how a flag is read. */
interface Shape {
  readonly kind: 'boolean' | 'many' | 'one'
  readonly optional: boolean
}

/** Flags and words for the command line parser, from the operation's schema. Values stay text; the schema checks them. */
export function parameters(operation: Operation): object {
  const { positional, aliases } = operation
  const flags: Record<string, object> = {
    json: { kind: 'boolean', optional: true, brief: 'Answer as JSON', withNegated: false },
  }
  for (const [name, field] of Object.entries(operation.input.shape as Record<string, z.ZodType>))
    if (name !== positional?.field) flags[name] = flag(field)
  const fields = operation.input.shape as Record<string, z.ZodType>
  return {
    flags,
    aliases: aliases ?? {},
    ...(positional === undefined ? {} : { positional: words(positional, fields[positional.field]) }),
  }
}

function flag(field: z.ZodType): object {
  const { kind, optional } = shapeOf(field)
  const brief = field.description ?? ''
  if (kind === 'boolean') return { kind: 'boolean', optional: true, brief, withNegated: false }
  return {
    kind: 'parsed',
    parse: String,
    brief,
    optional,
    ...(kind === 'many' ? { variadic: true, optional: true } : {}),
  }
}

function words(positional: NonNullable<Operation['positional']>, field: z.ZodType | undefined): object {
  const parameter = { brief: field?.description ?? '', parse: String, placeholder: positional.label }
  if (positional.many === true) return { kind: 'array', parameter }
  return {
    kind: 'tuple',
    parameters: [{ ...parameter, optional: field !== undefined && shapeOf(field).optional }],
  }
}

function shapeOf(field: z.ZodType): Shape {
  const { type, innerType } = field.def as { type: string; innerType?: z.ZodType }
  if (type === 'optional' && innerType !== undefined) return { ...shapeOf(innerType), optional: true }
  if (type === 'boolean') return { kind: 'boolean', optional: false }
  return { kind: type === 'array' ? 'many' : 'one', optional: false }
}
