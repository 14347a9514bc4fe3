import { type Kysely, sql } from 'kysely'
import type { EventDraft } from '../board/event.ts'
import type { Moment } from '../board/lease.ts'
import { type Redactor, redactDeeply } from '../board/redact.ts'
import { isRefusal, type Refusal } from '../board/refusal.ts'
import type { Ledger } from './ledger.ts'
import { saysFull, spendReserve } from './reserve.ts'
import type { Schema } from './schema.ts'

/** Who does something and when: travels with each transaction into the events. */
export interface Actor {
  /** `person:ann`, `agent:worker-3`, `engine`. */
  readonly name: string
  /** The one clock, in milliseconds since 1970. */
  readonly now: () => number
  /** The same, with the clock that nobody sets. */
  readonly moment: () => Moment
  /** Takes secrets out of all that is written down in words. */
  readonly redact?: Redactor | undefined
}

/** An open transaction. Everything read and written through it is one step of the world. */
export interface Tx {
  readonly db: Kysely<Schema>
  readonly now: number
  readonly moment: Moment
  readonly actor: string
  /** For every text that is written: what agents and commands say may hold secrets. */
  readonly redact: (text: string) => string
}

/**
 * One transaction: begin immediate, read, decide, write rows and their events, commit. A refusal as the answer
 * rolls back, so that a refusal never writes. `BEGIN IMMEDIATE` and not a later upgrade of the lock: with deferred
 * transactions up to half of the writers of a crowd fail at once. On a full disk the reserve makes room for one more
 * try, so `decide` may be called twice; what the first call wrote is gone by then.
 */
export async function transact<T>(
  ledger: Ledger,
  actor: Actor,
  decide: (tx: Tx) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  try {
    return await attempt(ledger, actor, decide)
  } catch (error) {
    if (saysFull(error) && spendReserve(ledger.path)) return await attempt(ledger, actor, decide)
    throw error
  }
}

async function attempt<T>(
  ledger: Ledger,
  actor: Actor,
  decide: (tx: Tx) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  return await ledger.db.connection().execute(async (db) => {
    await sql`begin immediate`.execute(db)
    try {
      const moment = actor.moment()
      const { name, redact = (text: string) => text } = actor
      const answer = await decide({ db, now: moment.now, moment, actor: name, redact })
      await (isRefusal(answer) ? sql`rollback` : sql`commit`).execute(db)
      return answer
    } catch (error) {
      await sql`rollback`.execute(db).catch(() => undefined)
      throw error
    }
  })
}

/** Writes the events that tell what the same transaction changed, without the secrets in them. */
export async function tell(tx: Tx, ...events: readonly EventDraft[]): Promise<void> {
  for (const event of events)
    await tx.db
      .insertInto('event')
      .values({
        type: event.type,
        subject: event.subject,
        time: tx.now,
        actor: tx.actor,
        epoch: event.epoch ?? null,
        data: written(tx, event),
      })
      .execute()
}

/** As `tell`, unless the same was told before, of whatever subject. */
export async function tellOnce(tx: Tx, event: EventDraft): Promise<void> {
  const same = tx.db.selectFrom('event').select('seq').where('type', '=', event.type)
  const before = await same.where('data', '=', written(tx, event)).executeTakeFirst()
  if (before === undefined) await tell(tx, event)
}

function written({ redact }: Tx, { data = {} }: EventDraft): string {
  return JSON.stringify(redactDeeply(data, redact))
}
