import * as z from 'zod'
import { parseNetworkPolicy } from '../board/network.ts'
import { whyNoPattern } from '../board/touches.ts'
import { parseDuration } from '../config/duration.ts'
import { SANDBOX_MODES } from '../config/settings.ts'
import { UsageError } from '../config/usage-error.ts'

/** Fields that several operations share, each described once. */

/** The number of a task, as 7, "7" or "#7". */
export const taskId = z.preprocess(
  (value) => (typeof value === 'string' && /^#?\d+$/.test(value) ? Number(value.replace('#', '')) : value),
  z.int('a task number, such as 7').positive('a task number, such as 7'),
)

export const task = taskId.describe('Number of the task')

/** The number of an archive. */
export const archiveId = whole(1, 2 ** 53 - 1)

export const archive = archiveId.describe('Number of the archive, as in `worklane archive list`')

/** In what agents, checks and verify run. */
export const sandbox = z
  .enum(SANDBOX_MODES, `one of ${SANDBOX_MODES.join(', ')}`)
  .optional()
  .describe('walls (default): nothing outside of the lane can be changed; none: no protection')

export const epoch = whole(1, 2 ** 53 - 1).describe('Epoch that the claim answered with')

/** What somebody has to say about a task; it goes into later prompts. */
export const noteText = z
  .string()
  .trim()
  .min(1, 'a text')
  .max(4000, 'at most 4000 characters')
  .describe('What to say')

/** A whole number, given as one or in digits; an empty text is none. */
export function whole(min: number, max: number) {
  const digits = (value: unknown): unknown =>
    typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
  const must = `a whole number from ${min} to ${max}`
  return z.preprocess(digits, z.int(must).min(min, must).max(max, must))
}

/** Patterns of paths. */
export const touches = z.array(
  z.string().superRefine((pattern, context) => {
    const why = whyNoPattern(pattern)
    if (why !== null) context.addIssue({ code: 'custom', message: why })
  }),
)

/** What a task may reach. */
export const network = z.string().transform((text, context) => {
  const policy = parseNetworkPolicy(text)
  if (typeof policy !== 'string') return policy
  context.addIssue({ code: 'custom', message: policy })
  return z.NEVER
})

/** "30m", "2h", "90s" → milliseconds. */
export const duration = z.string().transform((text, context) => {
  try {
    return parseDuration(text)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    context.addIssue({ code: 'custom', message: `${error.message} ${error.hint}` })
    return z.NEVER
  }
})
