export type LedgerTrouble = 'ledger-damaged' | 'ledger-missing' | 'ledger-newer'

const SENTENCES: Readonly<Record<LedgerTrouble, readonly [message: string, hint: string]>> = {
  'ledger-damaged': [
    'The ledger is damaged and cannot be read.',
    'See what can be done with: worklane doctor. Lanes, branches and archives are not touched.',
  ],
  'ledger-missing': [
    'The ledger is gone, though this repository had one.',
    'See what can be done with: worklane doctor. Lanes, branches and archives are not touched.',
  ],
  'ledger-newer': [
    'The ledger was written by a newer Worklane than this one.',
    'Use that version, or update this one. Nothing was changed.',
  ],
}

/** The ledger cannot be used at all. Thrown before anything has changed; `worklane doctor` works then too. */
export class LedgerUnusable extends Error {
  override readonly name = 'LedgerUnusable'
  readonly code: LedgerTrouble
  readonly hint: string
  /** What SQLite said, for people who know it. */
  readonly detail: string

  constructor(code: LedgerTrouble, detail: string, cause?: unknown) {
    const [message, hint] = SENTENCES[code]
    super(message, { cause })
    this.code = code
    this.hint = hint
    this.detail = detail
  }
}

/** Whether SQLite says that the file is no database, or a broken one (https://www.sqlite.org/rescode.html). */
export function saysDamaged(error: unknown): boolean {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown }
  return name === 'SqliteError' && /^SQLITE_(CORRUPT|NOTADB)/.test(String(code))
}
