import type { Kysely, Selectable } from 'kysely'
import type { Schema } from './schema.ts'
import { type Tx, tell } from './transact.ts'

type Db = Kysely<Schema>

/** What a verify run says about: the same tree, command and environment need not be verified again. */
export interface VerifySubject {
  readonly tree: string
  readonly command: string
  /** Digest of what else it depends on. */
  readonly environment: string
}

export interface VerifyDraft extends VerifySubject {
  readonly commit: string
  /** Whose work it is about, above base; empty: base itself. */
  readonly tasks: readonly number[]
  /** Number of the checkout that it runs in. */
  readonly slot: number
}

export type VerifyResult = 'green' | 'red' | 'fault' | 'interrupted'

/** One run of a verify command, as it was. */
export interface VerifyRun extends VerifyDraft {
  readonly id: number
  /** Null: it runs. */
  readonly result: VerifyResult | null
  /** File with its output. */
  readonly log: string | null
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt: number | null
}

/** Answers its number and the file for its output. */
export async function startVerifyRun(
  tx: Tx,
  draft: VerifyDraft,
  logOf: (id: number) => string,
): Promise<{ readonly id: number; readonly log: string }> {
  const { tasks, ...plain } = draft
  const { id } = await tx.db
    .insertInto('verify_run')
    .values({ ...plain, tasks: JSON.stringify(tasks), startedAt: tx.now })
    .returning('id')
    .executeTakeFirstOrThrow()
  const log = logOf(id)
  await tx.db.updateTable('verify_run').set({ log }).where('id', '=', id).execute()
  const { tree, commit, slot } = draft
  await tell(tx, { type: 'verify.started', subject: `verify/${id}`, data: { tasks, commit, tree, slot } })
  return { id, log }
}

export async function endVerifyRun(tx: Tx, id: number, result: VerifyResult): Promise<void> {
  const { tasks } = await tx.db
    .updateTable('verify_run')
    .set({ result, endedAt: tx.now })
    .where('id', '=', id)
    .returning('tasks')
    .executeTakeFirstOrThrow()
  const data = { tasks: JSON.parse(tasks) as number[], result }
  await tell(tx, { type: 'verify.ended', subject: `verify/${id}`, data })
}

/** Runs whose process was killed; called where none of ours runs. */
export async function endKilledVerifyRuns(tx: Tx): Promise<null> {
  const killed = await tx.db.selectFrom('verify_run').select('id').where('result', 'is', null).execute()
  for (const { id } of killed) await endVerifyRun(tx, id, 'interrupted')
  return null
}

export async function wasGreen(db: Db, { tree, command, environment }: VerifySubject): Promise<boolean> {
  const found = await db
    .selectFrom('verify_run')
    .select('id')
    .where('tree', '=', tree)
    .where('command', '=', command)
    .where('environment', '=', environment)
    .where('result', '=', 'green')
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

/** The newest first. */
export async function verifyRuns(db: Db, atMost: number): Promise<VerifyRun[]> {
  const rows = await db.selectFrom('verify_run').selectAll().orderBy('id', 'desc').limit(atMost).execute()
  return rows.map(toVerifyRun)
}

/** File with the output of the last verify run with the work of a task in it; null: there was none. */
export async function lastVerifyLog(db: Db, taskId: number): Promise<string | null> {
  const runs = await verifyRuns(db, 1000)
  return runs.find(({ tasks, log }) => log !== null && tasks.includes(taskId))?.log ?? null
}

function toVerifyRun({ tasks, result, ...row }: Selectable<Schema['verify_run']>): VerifyRun {
  return { ...row, tasks: JSON.parse(tasks) as number[], result: result as VerifyResult | null }
}

/** How the last landings ended that were verified, for the size of the next stack. */
export async function recentEnds(db: Db, atMost = 50): Promise<{ landed: number; rejected: number }> {
  const rows = await db
    .selectFrom('landing')
    .select(['state', 'verified'])
    .where('state', 'in', ['landed', 'rejected'])
    .orderBy('updatedAt', 'desc')
    .limit(atMost)
    .execute()
  return {
    landed: rows.filter(({ state, verified }) => state === 'landed' && verified === 1).length,
    rejected: rows.filter(({ state }) => state === 'rejected').length,
  }
}
