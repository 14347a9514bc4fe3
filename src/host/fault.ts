export type Retry = 'now' | 'later' | 'never'

/**
 * The outside world failed: git, the disk, a process. Thrown by `host/` only. `retry` says when the same step may
 * be tried again. Exit code 3, HTTP 503.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly retry: Retry
  readonly hint: string

  constructor(message: string, options: { retry: Retry; hint?: string; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.retry = options.retry
    this.hint = options.hint ?? ''
  }
}

/** The outside world failed, or (null) we have a defect. Node's own system errors (ENOSPC, EMFILE) count as faults. */
export function asFault(error: unknown): Fault | null {
  if (error instanceof Fault) return error
  const { name, code, syscall, message } = (error ?? {}) as NodeJS.ErrnoException
  if (name === 'SqliteError')
    return new Fault(`The ledger cannot be used now: ${message}`, { retry: 'later', cause: error })
  if (typeof code !== 'string' || typeof syscall !== 'string') return null
  return new Fault(`The system refused: ${message}`, { retry: 'later', cause: error })
}
