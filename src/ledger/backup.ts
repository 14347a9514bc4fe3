import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { LedgerUnusable, saysDamaged } from './unusable.ts'

/** A copy of the whole ledger, one file in itself. */
export interface Backup {
  readonly path: string
  /** Rises with each backup, so that a jump of the clock does not change which one is the newest. */
  readonly number: number
  /** Milliseconds since 1970. */
  readonly at: number
}

const KEPT = 5
const NAME = /^ledger-(\d{6,})-(\d+)\.db$/

function backupDirectory(ledger: string): string {
  return join(dirname(ledger), 'backup')
}

/** Newest first. */
export function backupsOf(ledger: string): Backup[] {
  const directory = backupDirectory(ledger)
  return namesIn(directory)
    .flatMap((name) => {
      const [, number, at] = NAME.exec(name) ?? []
      return number === undefined
        ? []
        : [{ path: join(directory, name), number: Number(number), at: Number(at) }]
    })
    .sort((a, b) => b.number - a.number)
}

/**
 * Copies the ledger while others read and write it (SQLite's online backup), checks the copy and then lets go of the
 * oldest ones. A copy that is not whole is no backup: then the ledger is not whole either.
 * @throws LedgerUnusable, SqliteError
 */
export async function backUp(ledger: string, now: number): Promise<Backup> {
  const directory = backupDirectory(ledger)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const number = (backupsOf(ledger)[0]?.number ?? 0) + 1
  const path = join(directory, `ledger-${String(number).padStart(6, '0')}-${now}.db`)
  const aside = `${path}.${process.pid}`
  try {
    await copyLedger(ledger, aside)
    renameSync(aside, path)
    sync(directory)
  } finally {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(`${aside}${end}`, { force: true })
  }
  for (const { path: old } of backupsOf(ledger).slice(KEPT)) rmSync(old, { force: true })
  return { path, number, at: now }
}

/** Through a connection of its own, so that it works also in the middle of our own transaction. */
async function copyLedger(ledger: string, to: string): Promise<void> {
  rmSync(to, { force: true })
  const source = new Database(ledger, { readonly: true, fileMustExist: true })
  try {
    // All pages in one step: between steps another process could write, and the copy would begin anew.
    await source.backup(to, { progress: () => 2 ** 30 })
  } finally {
    source.close()
  }
  const copy = new Database(to)
  try {
    copy.pragma('journal_mode = DELETE')
    const [problem] = problemsOf(copy, 'quick_check')
    if (problem !== undefined) throw new LedgerUnusable('ledger-damaged', problem)
  } finally {
    copy.close()
  }
  sync(to)
}

/** What SQLite finds wrong with a database; at most ten. `quick_check` leaves out whether indexes match their tables. */
export function problemsOf(sqlite: Database.Database, check: 'quick_check' | 'integrity_check'): string[] {
  try {
    const rows = sqlite.pragma(`${check}(10)`) as Record<string, string>[]
    return rows.flatMap((row) => Object.values(row)).filter((line) => line !== 'ok')
  } catch (error) {
    if (!saysDamaged(error)) throw error
    return [(error as Error).message]
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Makes a file's content, or a directory's names, survive a power cut. */
function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
