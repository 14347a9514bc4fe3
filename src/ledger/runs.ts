import type { Kysely, Selectable, Updateable } from 'kysely'
import type { Run, RunOutcome, RunState } from '../board/run.ts'
import { setLane } from './lanes.ts'
import type { Schema } from './schema.ts'
import { type Tx, tell } from './transact.ts'

type Db = Kysely<Schema>

export interface RunRow extends Run {
  /** JSON identity of the engine process that watches it, and of the worker's first process. */
  readonly engine: string
  readonly leader: string | null
  readonly stopRequestedAt: number | null
}

function toRun(row: Selectable<Schema['run']>): RunRow {
  return {
    ...row,
    state: row.state as RunState,
    outcome: row.outcome as RunOutcome | null,
    sandbox: row.sandbox as Run['sandbox'],
  }
}

export interface RunRequest {
  readonly taskId: number
  readonly laneId: number
  readonly epoch: number
  readonly command: string
  readonly token: string
  readonly directory: string
  readonly sandbox: Run['sandbox']
  readonly engine: string
}

/** A run begins: from here until it ends the lane is held by the walls. */
export async function startRun(tx: Tx, request: RunRequest): Promise<RunRow> {
  const row = await tx.db
    .insertInto('run')
    .values({ ...request, state: 'starting', leader: null, startedAt: tx.now })
    .returningAll()
    .executeTakeFirstOrThrow()
  await setLane(tx, request.laneId, { holder: 'walls' })
  const { taskId: task, epoch, command, sandbox } = request
  await tell(
    tx,
    { type: 'run.started', subject: `run/${row.id}`, epoch, data: { task, command, sandbox } },
    { type: 'lane.handed_over', subject: `lane/${request.laneId}`, epoch, data: { task, run: row.id } },
  )
  return toRun(row)
}

export async function recordSpawn(tx: Tx, run: RunRow, leader: string): Promise<void> {
  await tx.db.updateTable('run').set({ state: 'running', leader }).where('id', '=', run.id).execute()
  await tell(tx, {
    type: 'run.spawned',
    subject: `run/${run.id}`,
    epoch: run.epoch,
    data: { task: run.taskId },
  })
}

export interface RunEnd {
  readonly outcome: RunOutcome
  readonly detail: string
  readonly exitCode: number | null
  readonly signal: string | null
}

/** The run is over and its processes are gone: the lane is the host's again. */
export async function endRun(tx: Tx, run: RunRow, end: RunEnd): Promise<void> {
  const detail = tx.redact(end.detail)
  const set: Updateable<Schema['run']> = { ...end, detail, state: 'ended', endedAt: tx.now }
  await tx.db.updateTable('run').set(set).where('id', '=', run.id).execute()
  await tx.db
    .updateTable('lane')
    .set({ holder: 'host' })
    .where('id', '=', run.laneId)
    .where('holder', '=', 'walls')
    .execute()
  const { taskId: task, epoch } = run
  await tell(
    tx,
    { type: 'run.ended', subject: `run/${run.id}`, epoch, data: { task, ...end } },
    { type: 'lane.handed_back', subject: `lane/${run.laneId}`, epoch, data: { task, run: run.id } },
  )
}

export async function requestStop(tx: Tx, run: RunRow): Promise<void> {
  await tx.db.updateTable('run').set({ stopRequestedAt: tx.now }).where('id', '=', run.id).execute()
  await tell(tx, {
    type: 'run.stop_requested',
    subject: `run/${run.id}`,
    epoch: run.epoch,
    data: { task: run.taskId },
  })
}

export async function liveRuns(db: Db): Promise<RunRow[]> {
  const rows = await db.selectFrom('run').selectAll().where('state', '<>', 'ended').orderBy('id').execute()
  return rows.map(toRun)
}

/** Newest first. */
export async function runsOf(db: Db, taskId: number): Promise<RunRow[]> {
  const rows = await db
    .selectFrom('run')
    .selectAll()
    .where('taskId', '=', taskId)
    .orderBy('id', 'desc')
    .execute()
  return rows.map(toRun)
}

/** The newest run of each task. */
export async function latestRuns(db: Db): Promise<Map<number, RunRow>> {
  const newest = db
    .selectFrom('run')
    .select(({ fn }) => fn.max('id').as('id'))
    .groupBy('taskId')
  const rows = await db.selectFrom('run').selectAll().where('id', 'in', newest).execute()
  return new Map(rows.map((row) => [row.taskId, toRun(row)]))
}
