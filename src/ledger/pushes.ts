import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'
import { type Tx, tell } from './transact.ts'

/** What last became of base as far as a remote is concerned. `landed`: a landing moved it, and nobody has pushed since. */
export interface PushState {
  readonly is: 'landed' | 'pushed' | 'failed'
  readonly commit: string
  readonly remote: string | null
  readonly reason: string | null
}

const IS = { 'base.moved': 'landed', 'base.pushed': 'pushed', 'base.push_failed': 'failed' } as const

/** By the newest event after `seq` that says so; undefined: none does. What others did to base does not count. */
export async function pushState(
  db: Kysely<Schema>,
  base: string,
  seq = 0,
  types: readonly (keyof typeof IS)[] = ['base.moved', 'base.pushed', 'base.push_failed'],
): Promise<PushState | undefined> {
  const row = await db
    .selectFrom('event')
    .select(['type', 'data'])
    .where('seq', '>', seq)
    .where('type', 'in', types)
    .where('subject', '=', `base/${base}`)
    .where((e) => e.or([e('type', '<>', 'base.moved'), e('data', 'not like', '%"by":%')]))
    .orderBy('seq', 'desc')
    .executeTakeFirst()
  if (row === undefined) return undefined
  const data = JSON.parse(row.data) as Partial<Record<'to' | 'commit' | 'remote' | 'reason', string>>
  const { to, commit = to ?? '', remote = null, reason = null } = data
  return { is: IS[row.type as keyof typeof IS], commit, remote, reason }
}

/** The last push, for people; null: there was none. */
export async function lastPush(db: Kysely<Schema>, base: string): Promise<PushState | null> {
  return (await pushState(db, base, 0, ['base.pushed', 'base.push_failed'])) ?? null
}

/** `reason`: why it failed; null: it did not. */
export async function recordPush(
  tx: Tx,
  { base, remote, commit }: { readonly base: string; readonly remote: string; readonly commit: string },
  reason: string | null,
): Promise<void> {
  const subject = `base/${base}`
  if (reason === null) await tell(tx, { type: 'base.pushed', subject, data: { remote, commit } })
  else await tell(tx, { type: 'base.push_failed', subject, data: { remote, commit, reason } })
}
