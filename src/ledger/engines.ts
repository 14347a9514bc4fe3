import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'
import { type Tx, tell } from './transact.ts'

type Db = Kysely<Schema>

/** `engine` starts runs; `landing` moves base. One process at a time has each. */
export type Role = 'engine' | 'landing'

export interface EngineRow {
  readonly role: string
  /** JSON identity of the process. */
  readonly identity: string
  readonly startedAt: number
  readonly stopRequestedAt: number | null
}

export async function findEngine(db: Db, role: Role): Promise<EngineRow | undefined> {
  return await db.selectFrom('engine').selectAll().where('role', '=', role).executeTakeFirst()
}

/** Takes the role when it is free or when `isAlive` says that its owner is gone. False: it is taken. */
export async function takeRole(
  tx: Tx,
  role: Role,
  identity: string,
  isAlive: (identity: string) => boolean,
): Promise<boolean> {
  const current = await findEngine(tx.db, role)
  if (current !== undefined && current.identity !== identity && isAlive(current.identity)) return false
  await tx.db.deleteFrom('engine').where('role', '=', role).execute()
  await tx.db
    .insertInto('engine')
    .values({ role, identity, startedAt: tx.now, stopRequestedAt: null })
    .execute()
  if (role === 'engine') await tell(tx, { type: 'engine.started', subject: 'engine', data: { identity } })
  return true
}

export async function leaveRole(tx: Tx, role: Role, identity: string): Promise<void> {
  const { numDeletedRows } = await tx.db
    .deleteFrom('engine')
    .where('role', '=', role)
    .where('identity', '=', identity)
    .executeTakeFirst()
  if (role === 'engine' && numDeletedRows === 1n)
    await tell(tx, { type: 'engine.stopped', subject: 'engine' })
}

export async function askEngineToStop(tx: Tx): Promise<void> {
  await tx.db.updateTable('engine').set({ stopRequestedAt: tx.now }).where('role', '=', 'engine').execute()
  await tell(tx, { type: 'engine.stop_requested', subject: 'engine' })
}
