import type { Kysely } from 'kysely'

/** In what a run works: `walls`, or `none` where a person asked for it; runs from before had none. A task's network. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('run')
    .addColumn('sandbox', 'text', (c) => c.notNull().defaultTo('none'))
    .execute()
  await db.schema.alterTable('task').addColumn('network', 'text').execute()
}
