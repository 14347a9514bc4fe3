import * as z from 'zod'
import { parseDuration } from '../config/duration.ts'
import { UsageError } from '../config/usage-error.ts'

/** Fields that several operations share, each described once. */

/** The number of a task, as 7, "7" or "#7". */
export const taskId = z.preprocess(
  (value) => (typeof value === 'string' && /^#?\d+$/.test(value) ? Number(value.replace('#', '')) : value),
  z.int('a task number, such as 7').positive('a task number, such as 7'),
)

export const task = taskId.describe('Number of the task')

export const epoch = z.coerce.number().int().positive().describe('Epoch that the claim answered with')

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
