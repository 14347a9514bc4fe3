import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect, sql } from 'kysely'
import { backUp, backupsOf, problemsOf } from './backup.ts'
import { saysFull, spendReserve } from './reserve.ts'
import type { Schema } from './schema.ts'
import { LedgerUnusable, saysDamaged } from './unusable.ts'

/** Raised with each migration; kept in `PRAGMA user_version` so that opening a current ledger costs one read. */
export const SCHEMA_VERSION = 4

/** The one transactional store of a repository: `<git common dir>/worklane/ledger.db`. */
export interface Ledger {
  readonly path: string
  readonly db: Kysely<Schema>
  /** A number that changes when any other process commits (SQLite's `data_version`). */
  changeCount(): number
  /** What SQLite's quick check finds wrong; it reads the whole file. */
  problems(): readonly string[]
  close(): Promise<void>
}

/** How long a writer waits for the others; SQLite is unfair under contention, so this is generous. */
const BUSY_TIMEOUT = 60_000

/** What a ledger's tables are made by: the place of a migration in the list is the version that it starts from. */
export interface Migrations {
  readonly version: number
  // biome-ignore lint/suspicious/noExplicitAny: Kysely's own type for a migration's database
  load(): Promise<readonly ((db: Kysely<any>) => Promise<void>)[]>
}

const CURRENT: Migrations = {
  version: SCHEMA_VERSION,
  load: async () => (await import('./migrations/all.ts')).MIGRATIONS,
}

/**
 * Opens the ledger, makes it when it is missing, and brings an older one up to date, after a backup of it.
 * @throws LedgerUnusable, SqliteError
 */
export async function openLedger(path: string, migrations: Migrations = CURRENT): Promise<Ledger> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (!existsSync(path) && backupsOf(path).length > 0)
    throw new LedgerUnusable('ledger-missing', `${path} does not exist`)
  try {
    return await open(path, migrations)
  } catch (error) {
    if (saysDamaged(error)) throw new LedgerUnusable('ledger-damaged', (error as Error).message, error)
    // With every byte of the disk taken SQLite cannot even make the files that readers share.
    if (saysFull(error) && spendReserve(path)) return await open(path, migrations)
    throw error
  }
}

async function open(path: string, migrations: Migrations): Promise<Ledger> {
  const sqlite = new Database(path, { timeout: BUSY_TIMEOUT })
  try {
    const version = sqlite.pragma('user_version', { simple: true }) as number
    if (version > migrations.version)
      throw new LedgerUnusable(
        'ledger-newer',
        `its schema is ${version}, and this Worklane knows ${migrations.version}`,
      )
    if (version === 0) {
      // Emptied: what was in it is not forgotten in silence.
      if (backupsOf(path).length > 0) throw new LedgerUnusable('ledger-missing', `${path} is empty`)
      await keepLog(sqlite)
    }
    sqlite.pragma('synchronous = NORMAL')
    sqlite.pragma('foreign_keys = ON')
    const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: sqlite }) })
    if (version < migrations.version) await migrate(db, path, migrations)
    return {
      path,
      db,
      changeCount: () => sqlite.pragma('data_version', { simple: true }) as number,
      problems: () => problemsOf(sqlite, 'quick_check'),
      close: () => db.destroy(),
    }
  } catch (error) {
    sqlite.close()
    throw error
  }
}

/**
 * Makes a new file a database with a write-ahead log. For the lock that this needs SQLite does not wait: where many
 * open a new ledger at once, some are told SQLITE_BUSY at once, whatever the timeout (1 of 128, measured here).
 */
async function keepLog(sqlite: Database.Database): Promise<void> {
  for (const until = performance.now() + BUSY_TIMEOUT; ; await wait(5 + Math.random() * 20)) {
    try {
      sqlite.pragma('journal_mode = WAL')
      return
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'SQLITE_BUSY' || performance.now() > until) throw error
    }
  }
}

/** Under one immediate transaction, so that of fifty processes that open an older ledger one migrates. */
async function migrate(db: Kysely<Schema>, path: string, { version, load }: Migrations): Promise<void> {
  const steps = await load()
  await db.connection().execute(async (connection) => {
    await sql`begin immediate`.execute(connection)
    try {
      const { rows } = await sql<{ user_version: number }>`pragma user_version`.execute(connection)
      const from = rows[0]?.user_version ?? 0
      if (from > 0 && from < version) await backUp(path, Date.now())
      for (let at = from; at < version; at += 1) await steps[at]?.(connection)
      if (from < version) await sql`pragma user_version = ${sql.lit(version)}`.execute(connection)
      await sql`commit`.execute(connection)
    } catch (error) {
      await sql`rollback`.execute(connection).catch(() => undefined)
      throw error
    }
  })
}
