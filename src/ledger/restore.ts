import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { type Backup, backupsOf, problemsOf } from './backup.ts'
import { SCHEMA_VERSION } from './ledger.ts'

/** The newest backup that is whole and that this version can read; null: there is none. */
export function soundBackup(ledger: string): Backup | null {
  return backupsOf(ledger).find(({ path }) => isSound(path)) ?? null
}

function isSound(path: string): boolean {
  let sqlite: Database.Database | undefined
  try {
    sqlite = new Database(path, { readonly: true, fileMustExist: true })
    const version = sqlite.pragma('user_version', { simple: true }) as number
    return version > 0 && version <= SCHEMA_VERSION && problemsOf(sqlite, 'integrity_check').length === 0
  } catch {
    return false
  } finally {
    sqlite?.close()
  }
}

/** A copy of a backup beside the ledger, to be made ready before it becomes the ledger. */
export function copyForRestore(backup: Backup, ledger: string): string {
  const copy = `${ledger}.restoring`
  for (const end of ['', '-wal', '-shm']) rmSync(`${copy}${end}`, { force: true })
  copyFileSync(backup.path, copy)
  const sqlite = new Database(copy)
  sqlite.pragma('journal_mode = WAL')
  sqlite.close()
  return copy
}

/**
 * Puts what is left of a ledger aside, and the copy in its place. The log goes first: it must never meet another
 * database. A crash in between leaves a ledger that is missing, and this can be done again.
 */
export function replaceLedger(ledger: string, copy: string, now: number): string | null {
  const aside = join(dirname(ledger), 'broken', String(now))
  const there = ['-wal', '-shm', ''].filter((end) => existsSync(`${ledger}${end}`))
  if (there.length > 0) mkdirSync(aside, { recursive: true, mode: 0o700 })
  for (const end of there) renameSync(`${ledger}${end}`, join(aside, `${basename(ledger)}${end}`))
  renameSync(copy, ledger)
  return there.length === 0 ? null : aside
}

/** The highest number that each table ever gave; null when not even that can be read. */
export function countersOf(ledger: string): ReadonlyMap<string, number> | null {
  let sqlite: Database.Database | undefined
  try {
    sqlite = new Database(ledger, { fileMustExist: true })
    const rows = sqlite.prepare('select name, seq from sqlite_sequence').all()
    return new Map((rows as { name: string; seq: number }[]).map(({ name, seq }) => [name, seq]))
  } catch {
    return null
  } finally {
    sqlite?.close()
  }
}
