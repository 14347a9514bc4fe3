import { UsageError } from '../config/usage-error.ts'
import { blameDisk, type Site } from '../engine/disk.ts'
import { asFault, diskFull, Fault } from '../host/fault.ts'
import { LedgerUnusable } from '../ledger/unusable.ts'

/** An error in the words of its cause: a damaged ledger, a full disk. What is not known here comes back as it is. */
export function explain(error: unknown, site?: Site): unknown {
  if (error instanceof LedgerUnusable) return explainUnusable(error)
  const { name, code, message } = (error ?? {}) as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(message ?? '', error)
  if (name !== 'SqliteError' && !(error instanceof Fault)) return error
  const fault = asFault(error)
  return fault === null || site === undefined ? (fault ?? error) : blameDisk(site, fault)
}

function explainUnusable(trouble: LedgerUnusable): UsageError | Fault {
  const { code, message, hint } = trouble
  return code === 'ledger-newer'
    ? new UsageError(message, { code, hint, cause: trouble })
    : new Fault(message, { code, hint, retry: 'never', cause: trouble })
}
