import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'
import type { Tx } from './transact.ts'

/** The base branch as recorded at the first use; undefined before. */
export async function rememberedBase(db: Kysely<Schema>): Promise<string | undefined> {
  return (await db.selectFrom('setting').select('value').where('key', '=', 'base').executeTakeFirst())?.value
}

export async function rememberBase(tx: Tx, branch: string): Promise<string> {
  await tx.db
    .insertInto('setting')
    .values({ key: 'base', value: branch })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: branch }))
    .execute()
  return branch
}
