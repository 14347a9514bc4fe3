/**
 * Bad input: what a person wrote (a flag, a file, a setting) cannot be used. Thrown before anything has changed.
 * `message` is one sentence, with `file:line` in front where there is a file; `hint` says what to write instead.
 * Exit code 2, HTTP 400.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly hint: string
  /** For scripts; stable. */
  readonly code: string

  constructor(message: string, options: { hint: string; code?: string; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.hint = options.hint
    this.code = options.code ?? 'usage'
  }
}
