import { type Kysely, type RawBuilder, sql } from 'kysely'
import { type Startable, withoutCollisions } from '../board/touches.ts'
import type { Schema } from './schema.ts'

type Db = Kysely<Schema>

/**
 * The most urgent pending tasks whose dependencies have all landed: the rule `standing`, asked of the database
 * so that a claim among thousands of tasks reads one row.
 */
export async function readyTasks(
  db: Db,
  limit: number,
  only: readonly number[] | null = null,
): Promise<number[]> {
  const atWork = db.selectFrom('run').select('run.taskId').where('run.state', '<>', 'ended')
  const quarantined = db.selectFrom('lane').select('lane.taskId').where(isQuarantined())
  const rows = await db
    .selectFrom('task')
    .select('id')
    .where('state', '=', 'pending')
    .where('task.id', 'not in', atWork)
    .where('task.id', 'not in', quarantined)
    .$if(only !== null, (query) => query.where('task.id', 'in', [...(only ?? [])]))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('dependency')
            .innerJoin('task as other', 'other.id', 'dependency.onId')
            .select('other.id')
            .whereRef('dependency.taskId', '=', 'task.id')
            .where('other.state', '<>', 'landed'),
        ),
      ),
    )
    .orderBy('priority', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map((row) => row.id)
}

/** Tasks whose lane waits for a person; they are not started until then. */
export async function quarantinedTasks(db: Db): Promise<Set<number>> {
  const rows = await db.selectFrom('lane').select('taskId').where(isQuarantined()).execute()
  return new Set(rows.map(({ taskId }) => taskId))
}

/** The first half word for word as in the index on live lanes (migrations/0001-core.ts), or SQLite does not use that. */
function isQuarantined(): RawBuilder<boolean> {
  return sql<boolean>`state in ('creating', 'ready', 'quarantined') and state = 'quarantined'`
}

/** Among so many ready tasks one is looked for that collides with nothing. */
const LOOK_AHEAD = 100

/**
 * Ready tasks in the order to start them in: the most urgent first, but those that declare paths of what is at work, or
 * waits to land, come after the others. Costs no more than `readyTasks` where nobody declares any.
 */
export async function nextTasks(
  db: Db,
  limit: number,
  only: readonly number[] | null = null,
): Promise<number[]> {
  const declared = await db
    .selectFrom('task')
    .select(['id', 'state', 'touches', 'updatedAt'])
    .where(declares())
    .where('state', 'in', ['pending', 'in_progress', 'completed'])
    .execute()
  const pending = new Map(declared.flatMap((row) => (row.state === 'pending' ? [[row.id, row]] : [])))
  if (pending.size === 0) return await readyTasks(db, limit, only)
  const ready = await readyTasks(db, Math.max(limit, LOOK_AHEAD), only)
  const atWork = declared.filter(({ state }) => state !== 'pending')
  const startable = await Promise.all(
    ready.map(async (id): Promise<Startable> => {
      const row = pending.get(id)
      if (row === undefined) return { id, touches: [], overtaken: 0 }
      return { id, touches: patternsIn(row), overtaken: await overtakenBy(db, row) }
    }),
  )
  return withoutCollisions(startable, atWork.map(patternsIn)).slice(0, limit)
}

/** Word for word as in the index on it (migrations/0003-radar.ts), or SQLite does not use that. */
function declares(): RawBuilder<boolean> {
  return sql<boolean>`touches <> '[]'`
}

function patternsIn({ touches }: { readonly touches: string }): string[] {
  return JSON.parse(touches) as string[]
}

/** Claims of later tasks since this one became what it is: how often it was passed over, or more. */
async function overtakenBy(
  db: Db,
  { id, updatedAt }: { readonly id: number; readonly updatedAt: number },
): Promise<number> {
  const row = await db
    .selectFrom('lease')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('taskId', '>', id)
    .where('claimedAt', '>', updatedAt)
    .executeTakeFirstOrThrow()
  return row.count
}
