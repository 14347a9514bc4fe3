import { isOurDefect } from '../board/ledger-codes.ts'

export type Retry = 'now' | 'later' | 'never'

/**
 * The outside world failed: git, the disk, a process. Thrown by `host/` only. `retry` says when the same step may
 * be tried again. Exit code 3, HTTP 503.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly retry: Retry
  readonly hint: string
  /** For scripts; stable. */
  readonly code: string

  constructor(message: string, options: { retry: Retry; hint?: string; code?: string; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.retry = options.retry
    this.hint = options.hint ?? ''
    this.code = options.code ?? 'fault'
  }
}

/** The outside world failed, or (null) we have a defect. Node's own system errors (ENOSPC, EMFILE) count as faults. */
export function asFault(error: unknown): Fault | null {
  if (error instanceof Fault) return error
  const { name, code, syscall, message } = (error ?? {}) as NodeJS.ErrnoException
  if (name === 'SqliteError')
    return isOurDefect(String(code)) ? null : ledgerFault(String(code), message, error)
  if (typeof code !== 'string' || typeof syscall !== 'string') return null
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(message, error)
  return new Fault(`The system refused: ${message}`, { retry: 'later', cause: error })
}

/** `what` failed because there was no room. */
export function diskFull(what: string, cause?: unknown): Fault {
  return new Fault(`The disk is full: ${what}`, {
    retry: 'later',
    code: 'disk-full',
    hint: 'Make room on it, then ask again. Nothing is lost.',
    cause,
  })
}

/** By SQLite's result code (https://www.sqlite.org/rescode.html). */
function ledgerFault(code: string, message: string, cause: unknown): Fault {
  if (code === 'SQLITE_FULL') return diskFull('the ledger could not be written.', cause)
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return new Fault(`The ledger is damaged: ${message}`, {
      retry: 'never',
      code: 'ledger-damaged',
      hint: 'See what can be done with: worklane doctor. Lanes, branches and archives are not touched.',
      cause,
    })
  return new Fault(`The ledger cannot be used now: ${message} (${code})`, {
    retry: 'later',
    code: 'ledger',
    hint: 'Try again; if it stays so, see: worklane doctor',
    cause,
  })
}
