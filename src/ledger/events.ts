import type { Kysely } from 'kysely'
import type { EventType, LedgerEvent } from '../board/event.ts'
import type { Schema } from './schema.ts'

/** Up to `limit` events behind sequence number `after`, oldest first. */
export async function eventsAfter(db: Kysely<Schema>, after: number, limit = 1000): Promise<LedgerEvent[]> {
  const rows = await db
    .selectFrom('event')
    .selectAll()
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    seq: row.seq,
    type: row.type as EventType,
    subject: row.subject,
    time: new Date(row.time).toISOString(),
    actor: row.actor,
    epoch: row.epoch,
    data: JSON.parse(row.data) as Record<string, unknown>,
  }))
}

/** The sequence number of the newest event; 0 when there is none. */
export async function lastSequence(db: Kysely<Schema>): Promise<number> {
  const row = await db
    .selectFrom('event')
    .select((e) => e.fn.max('seq').as('seq'))
    .executeTakeFirst()
  return row?.seq ?? 0
}
