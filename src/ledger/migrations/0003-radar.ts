import { type Kysely, sql } from 'kysely'

/** Overlaps between lanes; the paths that a task expects to touch; each run of a verify command. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('task')
    .addColumn('touches', 'text', (c) => c.notNull().defaultTo('[]'))
    .execute()
  await sql`create index task_touches on task (state) where touches <> '[]'`.execute(db)
  await db.schema
    .createTable('overlap')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('taskId', 'integer', (c) => c.notNull().references('task.id'))
    .addColumn('otherId', 'integer', (c) => c.references('task.id'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('files', 'text', (c) => c.notNull())
    .addColumn('hunks', 'text', (c) => c.notNull())
    .addColumn('foundAt', 'integer', (c) => c.notNull())
    .addColumn('goneAt', 'integer')
    .addCheckConstraint('overlap_order', sql`"otherId" is null or "taskId" < "otherId"`)
    .execute()
  await sql`create unique index overlap_live on overlap ("taskId", coalesce("otherId", 0)) where "goneAt" is null`.execute(
    db,
  )
  await db.schema
    .createTable('verify_run')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('tree', 'text', (c) => c.notNull())
    .addColumn('commit', 'text', (c) => c.notNull())
    .addColumn('command', 'text', (c) => c.notNull())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('tasks', 'text', (c) => c.notNull())
    .addColumn('slot', 'integer', (c) => c.notNull())
    .addColumn('result', 'text', (c) => c.check(sql`result in ('green', 'red', 'fault', 'interrupted')`))
    .addColumn('log', 'text')
    .addColumn('startedAt', 'integer', (c) => c.notNull())
    .addColumn('endedAt', 'integer')
    .execute()
  await db.schema
    .createIndex('verify_run_tree')
    .on('verify_run')
    .columns(['tree', 'command', 'environment'])
    .execute()
}
