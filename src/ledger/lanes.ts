import type { Kysely, Selectable, Updateable } from 'kysely'
import type { EventDraft } from '../board/event.ts'
import { type Holder, LANE_TRANSITIONS, type Lane, type LaneState, type LaneStep } from '../board/lane.ts'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { follow } from '../board/transition.ts'
import type { Schema } from './schema.ts'
import { needTask } from './tasks.ts'
import { type Tx, tell } from './transact.ts'

type Db = Kysely<Schema>

/** The process that works on a lane's directory now, as JSON; compared byte for byte. */
export interface OwnedLane extends Lane {
  readonly owner: string | null
}

const LIVE: readonly LaneState[] = ['creating', 'ready', 'quarantined']

function toLane(row: Selectable<Schema['lane']>): OwnedLane {
  const { device, inode, createdAt: _created, updatedAt: _updated, ...rest } = row
  return {
    ...rest,
    state: row.state as LaneState,
    holder: row.holder as Holder,
    inode: device === null || inode === null ? null : { device, inode },
    keep: row.keep === 1,
    abandoned: row.abandoned === 1,
    warnings: JSON.parse(row.warnings) as string[],
  }
}

export async function findLane(db: Db, id: number): Promise<OwnedLane | undefined> {
  const row = await db.selectFrom('lane').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toLane(row)
}

/** The lane that a task works in now; at most one, by the database's own constraint. */
export async function liveLane(db: Db, taskId: number): Promise<OwnedLane | undefined> {
  const row = await db
    .selectFrom('lane')
    .selectAll()
    .where('taskId', '=', taskId)
    .where('state', 'in', [...LIVE])
    .executeTakeFirst()
  return row === undefined ? undefined : toLane(row)
}

/** All lanes of a task, newest first, removed ones included. */
export async function lanesOf(db: Db, taskId: number): Promise<OwnedLane[]> {
  const rows = await db
    .selectFrom('lane')
    .selectAll()
    .where('taskId', '=', taskId)
    .orderBy('id', 'desc')
    .execute()
  return rows.map(toLane)
}

/** Every lane that is not removed yet, in the order of their tasks. */
export async function standingLanes(db: Db): Promise<OwnedLane[]> {
  const rows = await db
    .selectFrom('lane')
    .selectAll()
    .where('state', '<>', 'removed')
    .orderBy('taskId')
    .orderBy('id')
    .execute()
  return rows.map(toLane)
}

export interface LaneRequest {
  readonly taskId: number
  readonly path: string
  readonly branch: string
  readonly base: string
  readonly startPoint: string
  readonly admin: string
  readonly port: number
  readonly fillFrom: number | null
  readonly owner: string
}

/** Writes the row before anything exists on disk, so that a crash leaves nothing that no row names. */
export async function reserveLane(tx: Tx, request: LaneRequest): Promise<OwnedLane> {
  const row = await tx.db
    .insertInto('lane')
    .values({
      ...request,
      state: 'creating',
      device: null,
      inode: null,
      trash: null,
      createdAt: tx.now,
      updatedAt: tx.now,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  const { branch, path, startPoint } = request
  await tell(tx, {
    type: 'lane.requested',
    subject: `lane/${row.id}`,
    data: { task: request.taskId, branch, path, startPoint },
  })
  return toLane(row)
}

/** First ports in use by live lanes. */
export async function portsInUse(db: Db): Promise<number[]> {
  const rows = await db
    .selectFrom('lane')
    .select('port')
    .where('port', 'is not', null)
    .where('state', 'in', [...LIVE])
    .execute()
  return rows.flatMap((row) => (row.port === null ? [] : [row.port]))
}

/** One step of the lane's state machine, refused where the table has no such row. */
export async function moveLane(
  tx: Tx,
  lane: OwnedLane,
  step: LaneStep,
  change: Updateable<Schema['lane']>,
  event: Omit<EventDraft, 'subject'>,
): Promise<OwnedLane | Refusal> {
  const current = await findLane(tx.db, lane.id)
  const state = current === undefined ? undefined : follow(LANE_TRANSITIONS, current.state, step)
  if (current === undefined || state === undefined)
    return refuse(
      'wrong-lane-state',
      `The lane of task ${lane.taskId} is ${current?.state ?? 'gone'} and cannot ${step}.`,
      `See it with: worklane lane show ${lane.taskId}`,
    )
  await tx.db
    .updateTable('lane')
    .set({ ...change, state, updatedAt: tx.now })
    .where('id', '=', lane.id)
    .execute()
  await tell(tx, { ...event, subject: `lane/${lane.id}`, data: { task: lane.taskId, ...event.data } })
  return (await findLane(tx.db, lane.id)) ?? current
}

/** Every lane, removed ones included, oldest first. */
export async function allLanes(db: Db): Promise<OwnedLane[]> {
  return (await db.selectFrom('lane').selectAll().orderBy('id').execute()).map(toLane)
}

/** Changes what is no state: holder, keep, owner. */
export async function setLane(tx: Tx, id: number, change: Updateable<Schema['lane']>): Promise<void> {
  await tx.db
    .updateTable('lane')
    .set({ ...change, updatedAt: tx.now })
    .where('id', '=', id)
    .execute()
}

/**
 * Takes the right to work on a lane's directory from `from` (null: nobody; else an owner known to be dead).
 * False: somebody else was faster.
 */
export async function takeLane(tx: Tx, lane: OwnedLane, owner: string | null): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('lane')
    .set({ owner })
    .where('id', '=', lane.id)
    .where('state', '=', lane.state)
    .where('owner', lane.owner === null ? 'is' : '=', lane.owner)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function condemnLane(tx: Tx, lane: OwnedLane, reason: string): Promise<OwnedLane | Refusal> {
  return await moveLane(
    tx,
    lane,
    'condemn',
    { owner: null, holder: 'host' },
    { type: 'lane.condemned', data: { reason } },
  )
}

/** What is in the lane is not what the walls let out: it is set aside, and the next attempt begins anew. */
export async function rejectLane(tx: Tx, lane: OwnedLane, reason: string): Promise<OwnedLane | Refusal> {
  const quarantined = await setAside(tx, lane, reason, 'rejected')
  return isRefusal(quarantined) ? quarantined : await condemnLane(tx, quarantined, reason)
}

/** Two have worked in it at once, and only a person knows which is right. */
export async function quarantineLane(tx: Tx, lane: OwnedLane, reason: string): Promise<OwnedLane | Refusal> {
  return await setAside(tx, lane, reason, 'diverged')
}

/** `diverged`: it stays and waits for a person; `rejected`: it is archived at once. */
async function setAside(
  tx: Tx,
  lane: OwnedLane,
  reason: string,
  kind: 'diverged' | 'rejected',
): Promise<OwnedLane | Refusal> {
  const change = { holder: 'host' }
  return await moveLane(tx, lane, 'quarantine', change, { type: 'lane.quarantined', data: { reason, kind } })
}

/** Sets the task's lane aside because its holder may still be writing in it. */
export async function abandonLane(tx: Tx, taskId: number): Promise<void> {
  const lane = await liveLane(tx.db, taskId)
  if (lane === undefined || lane.state === 'creating') return
  await setLane(tx, lane.id, { abandoned: 1 })
  await tell(tx, { type: 'lane.abandoned', subject: `lane/${lane.id}`, data: { task: taskId } })
  await condemnLane(tx, lane, 'its former holder may still be writing in it')
}

export interface ArchiveRow {
  readonly id: number
  readonly laneId: number
  readonly taskId: number
  readonly directory: string
  readonly refPrefix: string
  readonly bytes: number
  readonly files: number
}

/** Where an archive is and how much it holds. */
export type StoredArchive = Omit<ArchiveRow, 'id' | 'laneId' | 'taskId'>

/** One more archive of a lane; the newest is the one that counts. */
export async function addArchive(tx: Tx, lane: OwnedLane, archive: StoredArchive): Promise<void> {
  await tx.db
    .insertInto('archive')
    .values({ ...archive, laneId: lane.id, taskId: lane.taskId, createdAt: tx.now, purgedAt: null })
    .execute()
}

/** condemned → archived, with the verified archive's row in the same transaction. */
export async function recordArchive(
  tx: Tx,
  lane: OwnedLane,
  archive: StoredArchive,
): Promise<OwnedLane | Refusal> {
  await addArchive(tx, lane, archive)
  const { files, bytes } = archive
  return await moveLane(tx, lane, 'archive', {}, { type: 'lane.archived', data: { files, bytes } })
}

/** The newest archive of a lane that is still there. */
export async function archiveOf(db: Db, laneId: number): Promise<ArchiveRow | undefined> {
  return await db
    .selectFrom('archive')
    .selectAll()
    .where('laneId', '=', laneId)
    .where('purgedAt', 'is', null)
    .orderBy('id', 'desc')
    .executeTakeFirst()
}

export async function findArchive(db: Db, id: number): Promise<ArchiveRow | undefined> {
  return await db.selectFrom('archive').selectAll().where('id', '=', id).executeTakeFirst()
}

/** How many archives there are, of one lane or of all; purged ones of a lane count, so that no name comes twice. */
export async function countArchives(db: Db, laneId?: number): Promise<number> {
  const count = db.selectFrom('archive').select(({ fn }) => fn.countAll<number>().as('count'))
  const asked =
    laneId === undefined ? count.where('purgedAt', 'is', null) : count.where('laneId', '=', laneId)
  return (await asked.executeTakeFirst())?.count ?? 0
}

export async function countLanes(db: Db): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom('lane')
    .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
    .where('state', '<>', 'removed')
    .groupBy('state')
    .execute()
  return Object.fromEntries(rows.map((row) => [row.state, row.count]))
}

/** The live lane of a task, or the refusal that says there is none. */
export async function needLane(db: Db, taskId: number): Promise<OwnedLane | Refusal> {
  const lane = await liveLane(db, taskId)
  if (lane !== undefined) return lane
  const task = await needTask(db, taskId)
  if (isRefusal(task)) return task
  const [former] = await lanesOf(db, taskId)
  if (former?.state === 'condemned')
    return refuse('no-lane', `The lane of task ${taskId} is being removed.`, 'See: worklane lane list')
  const hint =
    former === undefined || (await archiveOf(db, former.id)) === undefined
      ? `A claim makes one: worklane claim ${taskId} --as NAME`
      : `It is archived; bring it back with: worklane lane restore ${taskId}`
  return refuse('no-lane', `Task ${taskId} has no lane.`, hint)
}
