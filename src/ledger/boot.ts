import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'
import type { Tx } from './transact.ts'

/** The start of the machine under which an engine last looked after this repository; undefined: none did yet. */
export async function rememberedBoot(db: Kysely<Schema>): Promise<string | undefined> {
  return (await db.selectFrom('setting').select('value').where('key', '=', 'boot').executeTakeFirst())?.value
}

export async function rememberBoot(tx: Tx): Promise<void> {
  const { boot } = tx.moment
  await tx.db
    .insertInto('setting')
    .values({ key: 'boot', value: boot })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: boot }))
    .execute()
}
