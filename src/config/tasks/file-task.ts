import type { NetworkPolicy } from '../../board/network.ts'

/** A task as a file describes it. */
export interface FileTask {
  /** Its name within the file; null where nothing needs to refer to it. */
  readonly key: string | null
  readonly subject: string
  /** Markdown, as written. */
  readonly description: string
  readonly priority: number
  /** What must have landed before: keys of tasks in the file, and `#12` for task 12 of the board. */
  readonly after: readonly string[]
  /** Agent command; null for the default. */
  readonly command: string | null
  readonly checks: readonly string[]
  /** Patterns of the paths that it expects to change. */
  readonly touches: readonly string[]
  readonly attempts: number | null
  /** Milliseconds of one attempt. */
  readonly timeLimit: number | null
  readonly network: NetworkPolicy | null
  readonly allowEmpty: boolean
  readonly review: boolean
  /** Where its subject stands, from 1. */
  readonly line: number
}

export const MOST_TASKS = 10_000

/** What one of the parsers found, not yet checked as a whole. */
export interface ParsedFile {
  readonly tasks: readonly FileTask[]
  /** Keys of tasks that are ticked off ('' for one without a key): to wait for them is to wait for nothing. */
  readonly done: readonly string[]
}

export function plainTask(subject: string, line: number): FileTask {
  return {
    key: null,
    subject,
    description: '',
    priority: 0,
    after: [],
    command: null,
    checks: [],
    touches: [],
    attempts: null,
    timeLimit: null,
    network: null,
    allowEmpty: false,
    review: false,
    line,
  }
}
