import { sql, type Updateable } from 'kysely'
import type { Lane, LaneState } from '../board/lane.ts'
import { isRefusal } from '../board/refusal.ts'
import { type LaneRequest, type OwnedLane, setLane } from './lanes.ts'
import { giveBack, liveLeases } from './leases.ts'
import type { Schema } from './schema.ts'
import { findTask } from './tasks.ts'
import { type Tx, tell } from './transact.ts'

// What is written into a ledger that is older than the world, and nowhere else.

/** Writes what a lane is found to be, whatever it was: only for a ledger that is older than the world. */
export async function putLane(
  tx: Tx,
  lane: OwnedLane,
  change: Updateable<Schema['lane']> & { readonly state: LaneState },
): Promise<void> {
  await setLane(tx, lane.id, change)
  const data = { task: lane.taskId, from: lane.state, to: change.state }
  await tell(tx, { type: 'lane.adopted', subject: `lane/${lane.id}`, data })
}

/** The row of a lane that stands on the disk: only for a ledger that is older than the world. */
export async function adoptLane(
  tx: Tx,
  found: Omit<LaneRequest, 'port' | 'fillFrom' | 'owner'> & NonNullable<Lane['inode']>,
): Promise<void> {
  const { id } = await tx.db
    .insertInto('lane')
    .values({
      ...found,
      state: 'ready',
      port: null,
      fillFrom: null,
      trash: null,
      owner: null,
      createdAt: tx.now,
      updatedAt: tx.now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const { taskId: task, branch, path } = found
  await tell(tx, { type: 'lane.adopted', subject: `lane/${id}`, data: { task, branch, path } })
}

/** Its directory is gone already. */
export async function forgetArchive(tx: Tx, id: number): Promise<null> {
  await tx.db.updateTable('archive').set({ purgedAt: tx.now }).where('id', '=', id).execute()
  return null
}

/** Far above whatever was given since a backup of yesterday. */
const LEAP = 1000

/**
 * Numbers that were given after the backup are never given again: agents, branches and archives still carry them. The
 * first thing to be done with a backup, since what is told about it has numbers too. `counters` null: nobody knows them, so all leap. `seen`: numbers that stand in names on the disk.
 */
export async function raiseNumbers(
  { db }: Tx,
  counters: ReadonlyMap<string, number> | null,
  seen: ReadonlyMap<string, number>,
): Promise<void> {
  for (const table of ['task', 'lane', 'run', 'landing', 'note', 'archive', 'event'] as const) {
    const row = await sql<{ seq: number }>`select seq from sqlite_sequence where name = ${table}`.execute(db)
    const own = row.rows[0]?.seq ?? 0
    const before = counters === null ? own + LEAP : (counters.get(table) ?? 0)
    const seq = Math.max(own, before, seen.get(table) ?? 0)
    await sql`delete from sqlite_sequence where name = ${table}`.execute(db)
    await sql`insert into sqlite_sequence (name, seq) values (${table}, ${seq})`.execute(db)
  }
}

/** The same for epochs: one that was given after the backup stays stale. */
export async function leapEpochs({ db }: Tx): Promise<void> {
  await db
    .updateTable('task')
    .set(({ eb }) => ({ epoch: eb('epoch', '+', LEAP) }))
    .execute()
}

/** Somebody has a lane that this ledger never gave away: the next holder gets a fresh directory, filled from it. */
export async function endUnknownClaim(tx: Tx, taskId: number): Promise<void> {
  const task = await findTask(tx.db, taskId)
  if (task === undefined) return
  await tx.db
    .insertInto('lease')
    .values({
      taskId,
      epoch: task.epoch + 1,
      holder: 'unknown',
      until: null,
      steadyUntil: null,
      boot: '',
      length: null,
      claimant: null,
      claimedAt: tx.now,
      endedAt: tx.now,
      endReason: 'forced',
    })
    .execute()
}

/**
 * Nobody knows what became of a claim since the backup, so all of them end. Whoever held one may still be at work: the
 * next one gets a fresh directory, filled from what the lane holds. The engines of then are gone too.
 */
export async function endAllLeases(tx: Tx, engineHolder: string): Promise<number> {
  await tx.db.deleteFrom('engine').execute()
  let ended = 0
  for (const { taskId, holder } of await liveLeases(tx.db)) {
    const task = await findTask(tx.db, taskId)
    if (task === undefined) continue
    const text = 'The ledger was damaged and an earlier one put in its place, so the claim ended.'
    const back = await giveBack(tx, task, holder === engineHolder ? 'lost' : 'forced', {
      kind: 'release',
      text,
    })
    if (!isRefusal(back)) ended += 1
  }
  return ended
}
