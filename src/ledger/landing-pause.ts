import type { Kysely } from 'kysely'
import { type Refusal, refuse } from '../board/refusal.ts'
import type { Schema } from './schema.ts'
import { type Tx, tell } from './transact.ts'

const KEY = 'landing.paused'

/** Whether a person paused the landing queue: nothing new is stacked until they let it go on. */
export async function isLandingPaused(db: Kysely<Schema>): Promise<boolean> {
  return (
    (await db.selectFrom('setting').select('key').where('key', '=', KEY).executeTakeFirst()) !== undefined
  )
}

export async function pauseLanding(tx: Tx): Promise<{ paused: true } | Refusal> {
  if (await isLandingPaused(tx.db))
    return refuse('paused', 'The landing queue is paused already.', 'Go on with: worklane landing resume')
  await tx.db
    .insertInto('setting')
    .values({ key: KEY, value: String(tx.now) })
    .execute()
  await tell(tx, { type: 'landing.paused', subject: 'landing' })
  return { paused: true }
}

export async function resumeLanding(tx: Tx): Promise<{ paused: false } | Refusal> {
  if (!(await isLandingPaused(tx.db)))
    return refuse('not-paused', 'The landing queue is not paused.', 'See it with: worklane landing list')
  await tx.db.deleteFrom('setting').where('key', '=', KEY).execute()
  await tell(tx, { type: 'landing.resumed', subject: 'landing' })
  return { paused: false }
}
