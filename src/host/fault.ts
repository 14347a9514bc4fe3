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
