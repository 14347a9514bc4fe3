import type { Kysely } from 'kysely'
import { endedInConflict, type Rung, rungOf } from '../board/conflict-ladder.ts'
import type { EventType } from '../board/event.ts'
import type { Landing } from '../board/landing.ts'
import { liveLane } from './lanes.ts'
import type { Schema } from './schema.ts'

type Db = Kysely<Schema>

/** Landings of the task that a conflict with base ended, oldest first. */
export async function conflictsOf(db: Db, taskId: number): Promise<{ readonly files: readonly string[] }[]> {
  const rows = await db
    .selectFrom('landing')
    .select(['state', 'files'])
    .where('taskId', '=', taskId)
    .where('state', 'in', ['conflicted', 'rejected'])
    .orderBy('id')
    .execute()
  return rows
    .map(({ state, files }) => ({ state, files: JSON.parse(files) as string[] }))
    .filter(endedInConflict)
}

/** How the conflict of what lands now was resolved, for the event; empty where there was none. */
export async function toldOfConflict(
  db: Db,
  landing: Landing,
): Promise<{ readonly conflict?: { readonly rung: Rung; readonly conflicts: number } }> {
  const { id, taskId } = landing
  const conflicts = (await conflictsOf(db, taskId)).length
  const { resolved } = await lastData(db, 'landing.merged', `landing/${id}`)
  const byRules = Array.isArray(resolved) && resolved.length > 0
  if (conflicts === 0 && !byRules) return {}
  const lane = await liveLane(db, taskId)
  const merge = lane === undefined ? {} : await lastData(db, 'lane.base_merged', `lane/${lane.id}`)
  const byRun = await completedByRun(db, taskId)
  const rung = rungOf({ conflicts, byRules, merged: merge.merge === 'merged', byRun })
  return rung === null ? {} : { conflict: { rung, conflicts } }
}

async function lastData(db: Db, type: EventType, subject: string): Promise<Record<string, unknown>> {
  const row = await db
    .selectFrom('event')
    .select('data')
    .where('type', '=', type)
    .where('subject', '=', subject)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? {} : (JSON.parse(row.data) as Record<string, unknown>)
}

async function completedByRun(db: Db, taskId: number): Promise<boolean> {
  const row = await db
    .selectFrom('run')
    .innerJoin('task', (join) =>
      join.onRef('task.id', '=', 'run.taskId').onRef('task.epoch', '=', 'run.epoch'),
    )
    .select('run.id')
    .where('run.taskId', '=', taskId)
    .where('run.outcome', '=', 'completed')
    .executeTakeFirst()
  return row !== undefined
}
