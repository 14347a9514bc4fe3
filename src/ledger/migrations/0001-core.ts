import { type Kysely, type RawBuilder, sql } from 'kysely'
import { ACTIVE_LANDING_STATES, LANDING_STATES, LANDING_STYLES } from '../../board/landing.ts'
import { LANE_STATES } from '../../board/lane.ts'
import { RUN_OUTCOMES, RUN_STATES } from '../../board/run.ts'
import { TASK_STATES } from '../../board/task.ts'

const oneOf = (column: string, values: readonly string[]): RawBuilder<boolean> =>
  sql`${sql.ref(column)} in (${sql.join(values.map((value) => sql.lit(value)))})`
const list = (values: readonly string[]): RawBuilder<unknown> =>
  sql.join(values.map((value) => sql.lit(value)))

/** Tasks, lanes, runs, landings and the event stream. Integrity is the database's, not the code's. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await tasks(db)
  await lanes(db)
  await landings(db)
  await events(db)
}

async function tasks(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('task')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('priority', 'integer', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull().check(oneOf('state', TASK_STATES)))
    .addColumn('epoch', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('failures', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('maxAttempts', 'integer', (c) => c.notNull())
    .addColumn('timeLimit', 'integer')
    .addColumn('command', 'text')
    .addColumn('verify', 'text')
    .addColumn('checks', 'text', (c) => c.notNull())
    .addColumn('allowEmpty', 'integer', (c) => c.notNull())
    .addColumn('review', 'integer', (c) => c.notNull())
    .addColumn('result', 'text')
    .addColumn('createdAt', 'integer', (c) => c.notNull())
    .addColumn('updatedAt', 'integer', (c) => c.notNull())
    .execute()
  // In the order in which claims are offered, so that the first row is the answer.
  await sql`create index task_by_state on task (state, priority desc, id)`.execute(db)
  await db.schema
    .createTable('dependency')
    .addColumn('taskId', 'integer', (c) => c.notNull().references('task.id'))
    .addColumn('onId', 'integer', (c) => c.notNull().references('task.id'))
    .addPrimaryKeyConstraint('dependency_key', ['taskId', 'onId'])
    .addCheckConstraint('dependency_on_another', sql`"taskId" <> "onId"`)
    .execute()
  await db.schema
    .createTable('lease')
    .addColumn('taskId', 'integer', (c) => c.notNull().references('task.id'))
    .addColumn('epoch', 'integer', (c) => c.notNull())
    .addColumn('holder', 'text', (c) => c.notNull())
    .addColumn('until', 'integer')
    .addColumn('steadyUntil', 'integer')
    .addColumn('boot', 'text', (c) => c.notNull())
    .addColumn('length', 'integer')
    .addColumn('claimedAt', 'integer', (c) => c.notNull())
    .addColumn('claimant', 'text')
    .addColumn('endedAt', 'integer')
    .addColumn('endReason', 'text')
    .addPrimaryKeyConstraint('lease_key', ['taskId', 'epoch'])
    .execute()
  await sql`create unique index lease_live on lease ("taskId") where "endedAt" is null`.execute(db)
  await db.schema
    .createTable('note')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('taskId', 'integer', (c) => c.notNull().references('task.id'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('text', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'integer', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('note_by_task').on('note').column('taskId').execute()
}

async function lanes(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('lane')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('taskId', 'integer', (c) => c.notNull().references('task.id'))
    .addColumn('state', 'text', (c) => c.notNull().check(oneOf('state', LANE_STATES)))
    .addColumn('holder', 'text', (c) =>
      c
        .notNull()
        .defaultTo('host')
        .check(oneOf('holder', ['host', 'walls'])),
    )
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('branch', 'text', (c) => c.notNull())
    .addColumn('base', 'text', (c) => c.notNull())
    .addColumn('startPoint', 'text', (c) => c.notNull())
    .addColumn('admin', 'text', (c) => c.notNull())
    .addColumn('device', 'text')
    .addColumn('inode', 'text')
    .addColumn('keep', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('abandoned', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('port', 'integer')
    .addColumn('fillFrom', 'integer')
    .addColumn('trash', 'text')
    .addColumn('warnings', 'text', (c) => c.notNull().defaultTo('[]'))
    .addColumn('owner', 'text')
    .addColumn('createdAt', 'integer', (c) => c.notNull())
    .addColumn('updatedAt', 'integer', (c) => c.notNull())
    .execute()
  const live = sql`state in ('creating', 'ready', 'quarantined')`
  await sql`create unique index lane_live on lane ("taskId") where ${live}`.execute(db)
  for (const column of ['path', 'branch', 'admin', 'port'])
    await sql`create unique index ${sql.ref(`lane_${column}`)} on lane (${sql.ref(column)}) where ${live}`.execute(
      db,
    )
  await db.schema
    .createTable('archive')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('laneId', 'integer', (c) => c.notNull().references('lane.id'))
    .addColumn('taskId', 'integer', (c) => c.notNull().references('task.id'))
    .addColumn('directory', 'text', (c) => c.notNull().unique())
    .addColumn('refPrefix', 'text', (c) => c.notNull().unique())
    .addColumn('bytes', 'integer', (c) => c.notNull())
    .addColumn('files', 'integer', (c) => c.notNull())
    .addColumn('createdAt', 'integer', (c) => c.notNull())
    .addColumn('purgedAt', 'integer')
    .execute()
  await db.schema
    .createTable('run')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('taskId', 'integer', (c) => c.notNull().references('task.id'))
    .addColumn('laneId', 'integer', (c) => c.notNull().references('lane.id'))
    .addColumn('epoch', 'integer', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull().check(oneOf('state', RUN_STATES)))
    .addColumn('command', 'text', (c) => c.notNull())
    .addColumn('token', 'text', (c) => c.notNull().unique())
    .addColumn('directory', 'text', (c) => c.notNull())
    .addColumn('engine', 'text', (c) => c.notNull())
    .addColumn('leader', 'text')
    .addColumn('stopRequestedAt', 'integer')
    .addColumn('outcome', 'text', (c) => c.check(oneOf('outcome', RUN_OUTCOMES)))
    .addColumn('detail', 'text')
    .addColumn('exitCode', 'integer')
    .addColumn('signal', 'text')
    .addColumn('startedAt', 'integer', (c) => c.notNull())
    .addColumn('endedAt', 'integer')
    .addUniqueConstraint('run_of_lease', ['taskId', 'epoch'])
    .execute()
  await sql`create unique index run_live on run ("laneId") where state <> 'ended'`.execute(db)
}

async function landings(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('landing')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('taskId', 'integer', (c) => c.notNull().references('task.id'))
    .addColumn('state', 'text', (c) => c.notNull().check(oneOf('state', LANDING_STATES)))
    .addColumn('style', 'text', (c) => c.notNull().check(oneOf('style', LANDING_STYLES)))
    .addColumn('base', 'text', (c) => c.notNull())
    .addColumn('result', 'text', (c) => c.notNull())
    .addColumn('candidate', 'text')
    .addColumn('candidateOn', 'text')
    .addColumn('verify', 'text')
    .addColumn('verified', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('reason', 'text')
    .addColumn('files', 'text', (c) => c.notNull().defaultTo('[]'))
    .addColumn('faults', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('createdAt', 'integer', (c) => c.notNull())
    .addColumn('updatedAt', 'integer', (c) => c.notNull())
    .execute()
  await sql`create unique index landing_active on landing ("taskId") where state in (${list(ACTIVE_LANDING_STATES)})`.execute(
    db,
  )
  await db.schema
    .createTable('setting')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute()
  await db.schema
    .createTable('engine')
    .addColumn('role', 'text', (c) => c.primaryKey())
    .addColumn('identity', 'text', (c) => c.notNull())
    .addColumn('startedAt', 'integer', (c) => c.notNull())
    .addColumn('stopRequestedAt', 'integer')
    .execute()
}

async function events(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('event')
    .addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('time', 'integer', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('epoch', 'integer')
    .addColumn('data', 'text', (c) => c.notNull())
    .execute()
  // The one place where the two databases differ: PostgreSQL will write these as a rule or a trigger function.
  for (const verb of ['update', 'delete'])
    await sql`create trigger ${sql.ref(`event_no_${verb}`)} before ${sql.raw(verb)} on event
      begin select raise(abort, 'events are append-only'); end`.execute(db)
}
