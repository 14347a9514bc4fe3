import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect, sql } from 'kysely'
import type { Schema } from './schema.ts'

/** Raised with each migration; kept in `PRAGMA user_version` so that opening a current ledger costs one read. */
const SCHEMA_VERSION = 1

/** The one transactional store of a repository: `<git common dir>/worklane/ledger.db`. */
export interface Ledger {
  readonly path: string
  readonly db: Kysely<Schema>
  /** A number that changes when any other process commits (SQLite's `data_version`). */
  changeCount(): number
  close(): Promise<void>
}

/** How long a writer waits for the others; SQLite is unfair under contention, so this is generous. */
const BUSY_TIMEOUT = 60_000

/** Opens the ledger, makes it when it is missing, and brings an older one up to date. */
export async function openLedger(path: string): Promise<Ledger> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const sqlite = new Database(path, { timeout: BUSY_TIMEOUT })
  let version = sqlite.pragma('user_version', { simple: true }) as number
  if (version === 0) await keepLog(sqlite)
  sqlite.pragma('synchronous = NORMAL')
  sqlite.pragma('foreign_keys = ON')
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: sqlite }) })
  if (version < SCHEMA_VERSION) {
    await migrate(db)
    version = SCHEMA_VERSION
  }
  if (version > SCHEMA_VERSION) {
    sqlite.close()
    throw new Error(`ledger schema ${version} is newer than this Worklane knows (${SCHEMA_VERSION})`)
  }
  return {
    path,
    db,
    changeCount: () => sqlite.pragma('data_version', { simple: true }) as number,
    close: () => db.destroy(),
  }
}

/**
 * Makes a new file a database with a write-ahead log. For the lock that this needs SQLite does not wait: where many
 * open a new ledger at once, some are told SQLITE_BUSY at once, whatever the timeout (1 of 128, measured here).
 */
async function keepLog(sqlite: Database.Database): Promise<void> {
  for (const until = Date.now() + BUSY_TIMEOUT; ; await wait(5 + Math.random() * 20)) {
    try {
      sqlite.pragma('journal_mode = WAL')
      return
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'SQLITE_BUSY' || Date.now() > until) throw error
    }
  }
}

/** Under one immediate transaction, so that of fifty processes that open a new ledger one migrates. */
async function migrate(db: Kysely<Schema>): Promise<void> {
  const { MIGRATIONS } = await import('./migrations/all.ts')
  await db.connection().execute(async (connection) => {
    await sql`begin immediate`.execute(connection)
    try {
      const { rows } = await sql<{ user_version: number }>`pragma user_version`.execute(connection)
      for (let at = rows[0]?.user_version ?? 0; at < SCHEMA_VERSION; at += 1)
        await MIGRATIONS[at]?.(connection)
      await sql`pragma user_version = ${sql.lit(SCHEMA_VERSION)}`.execute(connection)
      await sql`commit`.execute(connection)
    } catch (error) {
      await sql`rollback`.execute(connection)
      throw error
    }
  })
}
