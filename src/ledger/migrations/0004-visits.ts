import type { Kysely } from 'kysely'

/** Whose shell is open in a lane: it is not removed under them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('visit')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('laneId', 'integer', (c) => c.notNull().references('lane.id'))
    .addColumn('process', 'text', (c) => c.notNull())
    .addColumn('enteredAt', 'integer', (c) => c.notNull())
    .execute()
}
