import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'
import type { Tx } from './transact.ts'

const KEY = 'ledgerCheckedAt'

/** Milliseconds since 1970 at which the ledger was found whole; null: never. */
export async function lastChecked(db: Kysely<Schema>): Promise<number | null> {
  const row = await db.selectFrom('setting').select('value').where('key', '=', KEY).executeTakeFirst()
  return row === undefined ? null : Number(row.value)
}

export async function rememberCheck(tx: Tx): Promise<null> {
  const value = String(tx.now)
  await tx.db
    .insertInto('setting')
    .values({ key: KEY, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
  return null
}
