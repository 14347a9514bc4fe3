import type { Kysely, Selectable } from 'kysely'
import type { EventType } from '../board/event.ts'
import {
  checkEpoch,
  isExpired,
  type Lease,
  type LeaseEnd,
  leaseUntil,
  leavesStranger,
  type Moment,
} from '../board/lease.ts'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { attemptsSpent, standing, type Task } from '../board/task.ts'
import { abandonLane } from './lanes.ts'
import { nextTasks } from './ready.ts'
import type { Schema } from './schema.ts'
import { findTask, moveTask, type Note, needTask, noteOn, taskMap } from './tasks.ts'
import { type Tx, tell } from './transact.ts'

type Db = Kysely<Schema>

export interface Claim {
  readonly task: Task
  readonly lease: Lease
}

function toLease(row: Selectable<Schema['lease']>): Lease {
  return { ...row, endReason: row.endReason as LeaseEnd | null }
}

export async function liveLease(db: Db, taskId: number): Promise<Lease | null> {
  const row = await db
    .selectFrom('lease')
    .selectAll()
    .where('taskId', '=', taskId)
    .where('endedAt', 'is', null)
    .executeTakeFirst()
  return row === undefined ? null : toLease(row)
}

export async function liveLeases(db: Db): Promise<Lease[]> {
  const rows = await db.selectFrom('lease').selectAll().where('endedAt', 'is', null).execute()
  return rows.map(toLease)
}

/** Tasks whose lease is past its time, oldest first. */
export async function expiredLeases(db: Db, moment: Moment): Promise<number[]> {
  const rows = await db
    .selectFrom('lease')
    .select(['taskId', 'until', 'steadyUntil', 'boot'])
    .where('endedAt', 'is', null)
    .where('until', 'is not', null)
    .orderBy('until')
    .execute()
  return rows.filter((row) => isExpired(row, moment)).map((row) => row.taskId)
}

/** `length` in milliseconds, or null for a claim without an end. */
export interface ClaimRequest {
  readonly holder: string
  readonly length: number | null
  /** The process that will answer the claim. When it ends before, the claim is void: `claimIsAnswered`. */
  readonly claimant?: string
}

/** Takes the most urgent ready task; when there is none, one whose holder let the lease run out. */
export async function claimNext(tx: Tx, request: ClaimRequest): Promise<Claim | Refusal> {
  const [ready] = await nextTasks(tx.db, 1)
  if (ready !== undefined) return await claimTask(tx, ready, request)
  for (const taskId of await expiredLeases(tx.db, tx.moment)) {
    const claim = await claimTask(tx, taskId, request)
    if (!isRefusal(claim)) return claim
  }
  return refuse(
    'nothing-ready',
    'No task is ready to be claimed.',
    'See what blocks them with: worklane task list',
  )
}

export async function claimTask(tx: Tx, id: number, request: ClaimRequest): Promise<Claim | Refusal> {
  let task = await needTask(tx.db, id)
  if (isRefusal(task)) return task
  const live = await liveLease(tx.db, id)
  if (live !== null) {
    if (!isExpired(live, tx.moment)) return alreadyClaimed(id, live)
    task = await giveBack(tx, task, 'expired')
    if (isRefusal(task)) return task
  }
  if (task.state !== 'pending')
    return refuse(
      'not-claimable',
      `Task ${id} is ${task.state.replace('_', ' ')}.`,
      `See it with: worklane task show ${id}`,
    )
  const stands = standing(task, task.after.length === 0 ? new Map() : await taskMap(tx.db))
  if (stands.kind !== 'ready')
    return refuse(
      'blocked',
      `Task ${id} waits for ${stands.by.map((on) => `task ${on}`).join(', ')}.`,
      `What it waits for must have landed first; see: worklane task show ${id}`,
    )
  if (await hasLiveRun(tx.db, id))
    return refuse(
      'still-stopping',
      `The agent that worked on task ${id} is still being stopped.`,
      'Try again in a moment.',
    )
  await condemnStrangersLane(tx, task)
  const epoch = task.epoch + 1
  const claimed = await moveTask(tx, task, 'claim', { epoch })
  if (isRefusal(claimed)) return claimed
  const lease = {
    taskId: id,
    epoch,
    holder: request.holder,
    length: request.length,
    ...leaseUntil(request.length, tx.moment),
    claimedAt: tx.now,
    claimant: request.claimant ?? null,
    endedAt: null,
    endReason: null,
  }
  await tx.db.insertInto('lease').values(lease).execute()
  await tell(tx, {
    type: 'task.claimed',
    subject: `task/${id}`,
    epoch,
    data: { holder: lease.holder, until: lease.until },
  })
  return { task: claimed, lease }
}

/** Claims whose process has not answered yet; where it is gone, nobody knows of them. */
export async function unansweredClaims(
  db: Db,
): Promise<{ taskId: number; epoch: number; claimant: string }[]> {
  const rows = await db
    .selectFrom('lease')
    .select(['taskId', 'epoch', 'claimant'])
    .where('endedAt', 'is', null)
    .where('claimant', 'is not', null)
    .execute()
  return rows.map((row) => ({ ...row, claimant: row.claimant ?? '' }))
}

/** From now on its holder knows of it, and keeps it whatever becomes of the process that claimed. */
export async function claimIsAnswered(tx: Tx, taskId: number, epoch: number): Promise<void> {
  await tx.db
    .updateTable('lease')
    .set({ claimant: null })
    .where('taskId', '=', taskId)
    .where('epoch', '=', epoch)
    .execute()
}

/** Asked of the table itself: a lane has one holder, also while a run that nobody wants any more is ending. */
async function hasLiveRun(db: Db, taskId: number): Promise<boolean> {
  const run = await db
    .selectFrom('run')
    .select('id')
    .where('taskId', '=', taskId)
    .where('state', '<>', 'ended')
    .executeTakeFirst()
  return run !== undefined
}

function alreadyClaimed(id: number, live: Lease): Refusal {
  const until = live.until === null ? 'without an end' : `until ${new Date(live.until).toISOString()}`
  return refuse(
    'already-claimed',
    `Task ${id} is held by ${live.holder} ${until}.`,
    `Take another one with: worklane claim --as NAME, or free it with: worklane release ${id} --force`,
  )
}

/** A previous holder whom nobody stopped may still be writing: the next one gets a fresh directory. */
async function condemnStrangersLane(tx: Tx, task: Task): Promise<void> {
  const last = await tx.db
    .selectFrom('lease')
    .select('endReason')
    .where('taskId', '=', task.id)
    .orderBy('epoch', 'desc')
    .executeTakeFirst()
  if (leavesStranger((last?.endReason ?? null) as LeaseEnd | null)) await abandonLane(tx, task.id)
}

/** The task, when `epoch` still gives the right to act on it. */
export async function holdsTask(tx: Tx, id: number, epoch: number): Promise<Task | Refusal> {
  const task = await needTask(tx.db, id)
  if (isRefusal(task)) return task
  return checkEpoch(id, await liveLease(tx.db, id), epoch) ?? task
}

export async function extendLease(
  tx: Tx,
  id: number,
  epoch: number,
): Promise<{ readonly until: number | null } | Refusal> {
  const task = await holdsTask(tx, id, epoch)
  if (isRefusal(task)) return task
  const lease = await liveLease(tx.db, id)
  const time = leaseUntil(lease?.length ?? null, tx.moment)
  await tx.db.updateTable('lease').set(time).where('taskId', '=', id).where('epoch', '=', epoch).execute()
  return { until: time.until }
}

export async function endLease(tx: Tx, taskId: number, endReason: LeaseEnd): Promise<void> {
  await tx.db
    .updateTable('lease')
    .set({ endedAt: tx.now, endReason })
    .where('taskId', '=', taskId)
    .where('endedAt', 'is', null)
    .execute()
}

const GIVE_BACK_EVENT: Readonly<Partial<Record<LeaseEnd, EventType>>> = {
  expired: 'task.expired',
  failed: 'task.attempt_failed',
}

/** These endings count as an attempt; a release, a stop or a crash of ours does not. */
const COUNTS: readonly LeaseEnd[] = ['expired', 'failed']

/** in_progress → pending with its lane kept, or → failed when the attempts are spent. */
export async function giveBack(tx: Tx, task: Task, reason: LeaseEnd, note?: Note): Promise<Task | Refusal> {
  const counts = COUNTS.includes(reason)
  const spent = counts && attemptsSpent(task)
  const moved = await moveTask(tx, task, spent ? 'give_up' : 'give_back', {
    failures: task.failures + Number(counts),
  })
  if (isRefusal(moved)) return moved
  await endLease(tx, task.id, reason)
  if (note !== undefined) await noteOn(tx, task.id, note)
  const data = { reason, failures: moved.failures, ...(note === undefined ? {} : { note: note.text }) }
  const subject = `task/${task.id}`
  await tell(tx, { type: GIVE_BACK_EVENT[reason] ?? 'task.released', subject, epoch: task.epoch, data })
  if (spent) await tell(tx, { type: 'task.failed', subject, epoch: task.epoch, data })
  return moved
}

/** Expires what is past its time; returns the tasks that came back. */
export async function expireLeases(tx: Tx, taskIds: readonly number[]): Promise<number[]> {
  const expired: number[] = []
  for (const id of taskIds) {
    const lease = await liveLease(tx.db, id)
    const task = await findTask(tx.db, id)
    if (lease === null || task === undefined || !isExpired(lease, tx.moment)) continue
    const back = await giveBack(tx, task, 'expired')
    if (!isRefusal(back)) expired.push(id)
  }
  return expired
}
