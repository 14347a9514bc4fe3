import type { Kysely, Selectable, Updateable } from 'kysely'
import type { EventType } from '../board/event.ts'
import {
  ACTIVE_LANDING_STATES,
  LANDING_TRANSITIONS,
  type Landing,
  type LandingState,
  type LandingStep,
  type LandingStyle,
} from '../board/landing.ts'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { attemptsSpent, type Task } from '../board/task.ts'
import { follow } from '../board/transition.ts'
import { toldOfConflict } from './conflicts.ts'
import { condemnLane, liveLane } from './lanes.ts'
import { endLease } from './leases.ts'
import type { Schema } from './schema.ts'
import { moveTask, type Note, needTask, noteOn } from './tasks.ts'
import { type Tx, tell } from './transact.ts'

type Db = Kysely<Schema>

function toLanding(row: Selectable<Schema['landing']>): Landing {
  const { createdAt: _, ...rest } = row
  return {
    ...rest,
    state: row.state as LandingState,
    style: row.style as LandingStyle,
    verified: row.verified === 1,
    files: JSON.parse(row.files) as string[],
  }
}

async function findLanding(db: Db, id: number): Promise<Landing | undefined> {
  const row = await db.selectFrom('landing').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toLanding(row)
}

export async function activeLanding(db: Db, taskId: number): Promise<Landing | undefined> {
  const row = await db
    .selectFrom('landing')
    .selectAll()
    .where('taskId', '=', taskId)
    .where('state', 'in', [...ACTIVE_LANDING_STATES])
    .executeTakeFirst()
  return row === undefined ? undefined : toLanding(row)
}

export async function latestLanding(db: Db, taskId: number): Promise<Landing | undefined> {
  const row = await db
    .selectFrom('landing')
    .selectAll()
    .where('taskId', '=', taskId)
    .orderBy('id', 'desc')
    .executeTakeFirst()
  return row === undefined ? undefined : toLanding(row)
}

/** Every landing under way, in the order of the queue: priority of the task first, then who came first. */
export async function landingQueue(db: Db): Promise<Landing[]> {
  const rows = await db
    .selectFrom('landing')
    .innerJoin('task', 'task.id', 'landing.taskId')
    .selectAll('landing')
    .where('landing.state', 'in', [...ACTIVE_LANDING_STATES])
    .orderBy('task.priority', 'desc')
    .orderBy('landing.id')
    .execute()
  return rows.map(toLanding)
}

export interface Completion {
  readonly style: LandingStyle
  readonly base: string
  /** The frozen commit. */
  readonly result: string
  readonly review: boolean
  /** Why it needs one whatever was asked for; null: it does not. */
  readonly reviewReason?: string | null
  /** Command that it must pass before it lands, whoever lands it; null: who lands it says. */
  readonly verify: string | null
}

/** in_progress → completed, with its landing queued (or waiting for a review) in the same transaction. */
export async function completeTask(tx: Tx, task: Task, completion: Completion): Promise<Landing | Refusal> {
  const { style, base, result, verify, reviewReason: reason = null } = completion
  const review = completion.review || reason !== null
  const moved = await moveTask(tx, task, 'complete', { result })
  if (isRefusal(moved)) return moved
  await endLease(tx, task.id, 'completed')
  await tell(tx, { type: 'task.completed', subject: `task/${task.id}`, epoch: task.epoch, data: { result } })
  const state: LandingState = review ? 'awaiting_review' : 'queued'
  const row = await tx.db
    .insertInto('landing')
    .values({
      taskId: task.id,
      state,
      style,
      base,
      result,
      candidate: null,
      candidateOn: null,
      verify,
      reason,
      createdAt: tx.now,
      updatedAt: tx.now,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  const type = review ? 'landing.review_requested' : 'landing.queued'
  await tell(tx, { type, subject: `landing/${row.id}`, data: { task: task.id, result, base, style, reason } })
  return toLanding(row)
}

/** in_progress → landed without a change, for a task that may be empty. */
export async function completeEmpty(tx: Tx, task: Task): Promise<Task | Refusal> {
  const moved = await moveTask(tx, task, 'complete_empty', {})
  if (isRefusal(moved)) return moved
  await endLease(tx, task.id, 'completed')
  await tell(tx, {
    type: 'task.landed',
    subject: `task/${task.id}`,
    epoch: task.epoch,
    data: { change: false },
  })
  await dropLane(tx, task.id, 'the task needed no change')
  return moved
}

const STEP_EVENT: Readonly<Record<LandingStep, EventType>> = {
  ask_review: 'landing.review_requested',
  enqueue: 'landing.queued',
  approve: 'landing.approved',
  disapprove: 'landing.withdrawn',
  start: 'landing.started',
  merge: 'landing.merged',
  conflict: 'landing.conflicted',
  fault: 'landing.requeued',
  hold: 'landing.held',
  verify: 'landing.verified',
  reject: 'landing.rejected',
  land: 'landing.landed',
  restart: 'landing.requeued',
  release: 'landing.released',
  cancel: 'landing.withdrawn',
}

export interface LandingChange {
  readonly candidate?: string | null
  readonly candidateOn?: string | null
  readonly verify?: string | null
  readonly verified?: boolean
  readonly reason?: string | null
  readonly files?: readonly string[]
  readonly faults?: number
  /** For the event alone. */
  readonly told?: Readonly<Record<string, unknown>>
}

/** One step of the landing's state machine, with its event. */
export async function moveLanding(
  tx: Tx,
  id: number,
  step: LandingStep,
  change: LandingChange = {},
): Promise<Landing | Refusal> {
  const landing = await findLanding(tx.db, id)
  const state = landing === undefined ? undefined : follow(LANDING_TRANSITIONS, landing.state, step)
  if (landing === undefined || state === undefined)
    return refuse(
      'wrong-landing-state',
      `Landing ${id} is ${landing?.state ?? 'unknown'} and cannot ${step.replace('_', ' ')}.`,
      'See the queue with: worklane status',
    )
  const { files, verified, reason, told, ...plain } = change
  const set: Updateable<Schema['landing']> = {
    ...plain,
    state,
    updatedAt: tx.now,
    ...(reason === undefined ? {} : { reason: reason === null ? null : tx.redact(reason) }),
    ...(files === undefined ? {} : { files: JSON.stringify(files) }),
    ...(verified === undefined ? {} : { verified: Number(verified) }),
  }
  await tx.db.updateTable('landing').set(set).where('id', '=', id).execute()
  await tell(tx, {
    type: STEP_EVENT[step],
    subject: `landing/${id}`,
    data: { task: landing.taskId, ...withoutTold(change), ...told },
  })
  return (await findLanding(tx.db, id)) ?? landing
}

function withoutTold({ told: _, ...change }: LandingChange): LandingChange {
  return change
}

/** The landing ended without a landing: the task goes back with a note, or fails when its attempts are spent. */
export async function returnTask(tx: Tx, taskId: number, note: Note): Promise<Task | Refusal> {
  const task = await needTask(tx.db, taskId)
  if (isRefusal(task)) return task
  const spent = attemptsSpent(task)
  const moved = await moveTask(tx, task, spent ? 'give_up' : 'return', { failures: task.failures + 1 })
  if (isRefusal(moved)) return moved
  await noteOn(tx, taskId, note)
  const type = spent ? 'task.failed' : 'task.returned'
  await tell(tx, {
    type,
    subject: `task/${taskId}`,
    data: { reason: note.kind, failures: moved.failures, note: note.text },
  })
  return moved
}

/**
 * moving → landed: landing, task and lane in one transaction, after the ref itself confirmed it. Without a candidate
 * merging → landed: base stays where it is.
 */
export async function recordLanded(tx: Tx, landing: Landing): Promise<Landing | Refusal> {
  const { base, candidate, candidateOn, verified } = landing
  const unchanged = candidate === null ? { candidate, candidateOn, verified } : {}
  const told = await toldOfConflict(tx.db, landing)
  const moved = await moveLanding(tx, landing.id, 'land', { reason: null, files: [], ...unchanged, told })
  if (isRefusal(moved)) return moved
  const task = await needTask(tx.db, landing.taskId)
  if (isRefusal(task)) return task
  const landed = await moveTask(tx, task, 'land')
  if (isRefusal(landed)) return landed
  if (candidate !== null)
    await tell(tx, {
      type: 'base.moved',
      subject: `base/${base}`,
      data: { from: candidateOn, to: candidate },
    })
  const change = candidate === null ? { change: false, base } : { commit: candidate, base, verified }
  const data = { ...change, ...told }
  await tell(tx, { type: 'task.landed', subject: `task/${landing.taskId}`, data })
  await dropLane(tx, landing.taskId, 'landed')
  return moved
}

/** Condemns the task's lane unless it is to be kept, still being made, or an agent is in it: then it goes later. */
async function dropLane(tx: Tx, taskId: number, reason: string): Promise<void> {
  const lane = await liveLane(tx.db, taskId)
  if (lane?.holder === 'host' && !lane.keep && lane.state !== 'creating') await condemnLane(tx, lane, reason)
}

/** pending, in_progress, failed, or completed before moving → cancelled; its landing withdrawn, its lane condemned. */
export async function cancelTask(tx: Tx, id: number): Promise<Task | Refusal> {
  const task = await needTask(tx.db, id)
  if (isRefusal(task)) return task
  const landing = await activeLanding(tx.db, id)
  if (landing?.state === 'moving')
    return refuse(
      'landing-now',
      `Task ${id} is being landed at this moment.`,
      `When it has landed, undo it with: worklane revert ${id}`,
    )
  const moved = await moveTask(tx, task, 'cancel')
  if (isRefusal(moved)) return moved
  if (landing !== undefined) await moveLanding(tx, landing.id, 'cancel', { reason: 'the task was cancelled' })
  await endLease(tx, id, 'cancelled')
  await tx.db
    .updateTable('run')
    .set({ stopRequestedAt: tx.now })
    .where('taskId', '=', id)
    .where('state', '<>', 'ended')
    .execute()
  await tell(tx, { type: 'task.cancelled', subject: `task/${id}` })
  await dropLane(tx, id, 'the task was cancelled')
  return moved
}

/** failed or cancelled → pending with a clean count of attempts. */
export async function reopenTask(tx: Tx, id: number): Promise<Task | Refusal> {
  const task = await needTask(tx.db, id)
  if (isRefusal(task)) return task
  const moved = await moveTask(tx, task, 'retry', { failures: 0 })
  if (isRefusal(moved)) return moved
  await tell(tx, { type: 'task.reopened', subject: `task/${id}` })
  return moved
}

/** The newest landing of each task. */
export async function latestLandings(db: Db): Promise<Map<number, Landing>> {
  const newest = db
    .selectFrom('landing')
    .select(({ fn }) => fn.max('id').as('id'))
    .groupBy('taskId')
  const rows = await db.selectFrom('landing').selectAll().where('id', 'in', newest).execute()
  return new Map(rows.map((row) => [row.taskId, toLanding(row)]))
}
