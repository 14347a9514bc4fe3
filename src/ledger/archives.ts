import type { Kysely } from 'kysely'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import type { TaskState } from '../board/task.ts'
import type { ArchiveRow } from './lanes.ts'
import type { Schema } from './schema.ts'
import { type Tx, tell } from './transact.ts'

type Db = Kysely<Schema>

/** An archive with what is known of its lane and task. */
export interface KnownArchive extends ArchiveRow {
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly purgedAt: number | null
  readonly branch: string
  readonly base: string
  readonly startPoint: string
  readonly subject: string
  readonly task: TaskState
  /** Its lane is still on its way out, or another is being filled from it: it must stay now. */
  readonly inUse: boolean
}

function known(db: Db) {
  return db
    .selectFrom('archive')
    .innerJoin('lane', 'lane.id', 'archive.laneId')
    .innerJoin('task', 'task.id', 'archive.taskId')
    .selectAll('archive')
    .select(({ exists, or, selectFrom }) => [
      'lane.branch as branch',
      'lane.base as base',
      'lane.startPoint as startPoint',
      'task.subject as subject',
      'task.state as task',
      or([
        exists(
          selectFrom('lane as own')
            .select('own.id')
            .whereRef('own.id', '=', 'archive.laneId')
            .where('own.state', 'in', ['condemned', 'archived']),
        ),
        exists(
          selectFrom('lane as filled')
            .select('filled.id')
            .whereRef('filled.fillFrom', '=', 'archive.id')
            .where('filled.state', '=', 'creating'),
        ),
      ]).as('inUse'),
    ])
}

type KnownRow = Awaited<ReturnType<ReturnType<typeof known>['execute']>>[number]

function toKnown(row: KnownRow): KnownArchive {
  return { ...row, task: row.task as TaskState, inUse: Boolean(row.inUse) }
}

/** Every archive that was not purged, oldest first. */
export async function keptArchives(db: Db): Promise<KnownArchive[]> {
  const rows = await known(db).where('archive.purgedAt', 'is', null).orderBy('archive.id').execute()
  return rows.map(toKnown)
}

/** Places of all archives, or of those of one task, purged ones included; oldest first. */
export async function archivePlaces(
  db: Db,
  taskId?: number,
): Promise<Pick<KnownArchive, 'id' | 'taskId' | 'directory' | 'refPrefix' | 'purgedAt'>[]> {
  return await db
    .selectFrom('archive')
    .select(['id', 'taskId', 'directory', 'refPrefix', 'purgedAt'])
    .$if(taskId !== undefined, (query) => query.where('taskId', '=', taskId ?? 0))
    .orderBy('id')
    .execute()
}

/**
 * When the work of a lane was handed in, of those that have landed or are about to; or when the lane was made since,
 * which is later for one that was restored. Null: it has handed nothing in.
 */
export async function handedInAt(
  db: Db,
  { id, taskId }: { readonly id: number; readonly taskId: number },
): Promise<number | null> {
  const task = await db.selectFrom('task').select('state').where('id', '=', taskId).executeTakeFirst()
  if (task?.state !== 'completed' && task?.state !== 'landed') return null
  const row = await db
    .selectFrom('event')
    .select(({ fn }) => fn.max('time').as('time'))
    .where(({ and, eb, or }) =>
      or([
        and([eb('subject', '=', `lane/${id}`), eb('type', '=', 'lane.created')]),
        and([eb('subject', '=', `task/${taskId}`), eb('type', '=', 'task.completed')]),
        // Of one that had nothing to hand in.
        and([eb('subject', '=', `task/${taskId}`), eb('data', 'like', '{"change":false%')]),
      ]),
    )
    .executeTakeFirst()
  return row?.time ?? null
}

/** How many archives were made and how many were purged: it changes whenever there is something new to decide. */
export async function archiveCounts(db: Db): Promise<string> {
  const { made, purged } = await db
    .selectFrom('archive')
    .select(({ fn }) => [fn.countAll<number>().as('made'), fn.count<number>('purgedAt').as('purged')])
    .executeTakeFirstOrThrow()
  return `${made}-${purged}`
}

/** The archive with this number, or the refusal that says why there is none. */
export async function needArchive(db: Db, id: number): Promise<KnownArchive | Refusal> {
  const row = await known(db).where('archive.id', '=', id).executeTakeFirst()
  const hint = 'See the numbers with: worklane archive list'
  if (row === undefined) return refuse('no-archive', `There is no archive ${id}.`, hint)
  if (row.purgedAt === null) return toKnown(row)
  const on = new Date(row.purgedAt).toISOString()
  return refuse('archive-purged', `Archive ${id} of task ${row.taskId} was purged on ${on}.`, hint)
}

/**
 * From here on there is no such archive: nothing is restored from it any more, and its files and refs are deleted
 * next. Refused while something depends on it.
 */
export async function recordPurge(tx: Tx, id: number, reason: string): Promise<KnownArchive | Refusal> {
  const archive = await needArchive(tx.db, id)
  if (isRefusal(archive)) return archive
  if (archive.inUse)
    return refuse(
      'archive-in-use',
      `Archive ${id} is needed now by a lane of task ${archive.taskId}.`,
      'Try again when that lane is made or removed: worklane lane list',
    )
  await tx.db.updateTable('archive').set({ purgedAt: tx.now }).where('id', '=', id).execute()
  const { taskId: task, bytes, files } = archive
  await tell(tx, {
    type: 'archive.purged',
    subject: `archive/${id}`,
    data: { task, bytes, files, reason },
  })
  return { ...archive, purgedAt: tx.now }
}
