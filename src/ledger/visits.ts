import type { Kysely, Selectable } from 'kysely'
import { type Refusal, refuse } from '../board/refusal.ts'
import { findLane, type OwnedLane } from './lanes.ts'
import type { Schema } from './schema.ts'
import { type Tx, tell } from './transact.ts'

/** A person's shell in a lane, until what they committed there has been taken out. */
export type Visit = Readonly<Selectable<Schema['visit']>>

/** Only while the lane is ready: from when it is condemned on nobody comes in any more. */
export async function enterLane(
  tx: Tx,
  { id, taskId }: OwnedLane,
  process: string,
): Promise<Visit | Refusal> {
  const lane = await findLane(tx.db, id)
  if (lane?.state !== 'ready')
    return refuse(
      'lane-busy',
      `The lane of task ${taskId} is being removed.`,
      `See what becomes of it with: worklane task show ${taskId}`,
    )
  const visit = await tx.db
    .insertInto('visit')
    .values({ laneId: id, process, enteredAt: tx.now })
    .returningAll()
    .executeTakeFirstOrThrow()
  await tell(tx, { type: 'lane.entered', subject: `lane/${id}`, data: { task: taskId } })
  return visit
}

export async function leaveLane(tx: Tx, { id, taskId }: OwnedLane, visits: readonly Visit[]): Promise<void> {
  for (const visit of visits) {
    const { numDeletedRows } = await tx.db.deleteFrom('visit').where('id', '=', visit.id).executeTakeFirst()
    if (numDeletedRows > 0n)
      await tell(tx, { type: 'lane.left', subject: `lane/${id}`, data: { task: taskId } })
  }
}

/** In one lane or in all, the oldest first. */
export async function visitsIn(db: Kysely<Schema>, laneId?: number): Promise<Visit[]> {
  return await db
    .selectFrom('visit')
    .selectAll()
    .$if(laneId !== undefined, (query) => query.where('laneId', '=', laneId ?? 0))
    .orderBy('id')
    .execute()
}
