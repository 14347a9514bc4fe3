import * as z from 'zod'
import { type NetworkPolicy, parseNetworkPolicy } from '../../board/network.ts'
import { whyNoPattern } from '../../board/touches.ts'
import { parseDuration } from '../duration.ts'
import { converted, type FieldRule, wholeNumber } from '../fields.ts'
import { UsageError } from '../usage-error.ts'

/** What the options of a task in a file may be, in Markdown attributes and in YAML alike. */

/** Never digits alone: those would be mistaken for a task of the board. */
const KEY_FORM = /^(?!\d+$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export const KEY: FieldRule<string> = {
  schema: z.string().regex(KEY_FORM),
  must: 'a name of at most 64 letters, digits, dots, dashes and underscores, not digits alone',
  example: 'key: login-page',
}

export const REFERENCE: FieldRule<string> = {
  schema: z.string().refine((text) => KEY_FORM.test(text) || /^#[1-9]\d{0,14}$/.test(text)),
  must: 'the key of a task in this file, or the number of an existing task as "#12"',
  example: 'after: ["schema", "#12"]',
}

export const PRIORITY = wholeNumber(-1_000_000, 1_000_000, 'priority: 2')

export const ATTEMPTS = wholeNumber(1, 100, 'attempts: 3')

export const NETWORK = networkRule('network: { domains: [api.anthropic.com, registry.npmjs.org] }')

/** YAML 1.1 reads a bare on or off as true and false. */
export function networkRule(example: string): FieldRule<NetworkPolicy> {
  const policyOf = (value: unknown): NetworkPolicy => {
    const policy = parseNetworkPolicy(value === true ? 'on' : value === false ? 'off' : value)
    if (typeof policy !== 'string') return policy
    throw new UsageError(policy, { hint: `For example: ${example}` })
  }
  return {
    schema: z.unknown().transform(policyOf),
    must: 'on, off, or the domains that may be reached',
    example,
  }
}

export const TOUCHES: FieldRule<string> = {
  schema: z.string().refine((pattern) => whyNoPattern(pattern) === null),
  must: 'a pattern of paths inside the repository, of at most 300 characters, with its brackets closed',
  example: 'touches: ["src/login/**", README.md]',
}

export const TIME_LIMIT = converted(parseDuration, 'a duration with a unit', 'timeLimit: 30m')
