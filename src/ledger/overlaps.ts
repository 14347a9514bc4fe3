import type { Kysely } from 'kysely'
import type { Overlap, Unknown } from '../board/overlap.ts'
import {
  isReal,
  type KnownOverlap,
  keyOf,
  noteStart,
  type OverlapKey,
  overlapChanges,
  overlapGoneNote,
  overlapNote,
} from '../board/overlap-change.ts'
import { redactDeeply } from '../board/redact.ts'
import type { TaskState } from '../board/task.ts'
import type { Schema } from './schema.ts'
import { noteOn } from './tasks.ts'
import { type Tx, tell } from './transact.ts'

type Db = Kysely<Schema>

/** What one look at all lanes found; paths are text. */
export interface OverlapLook {
  readonly overlaps: readonly Overlap[]
  readonly unknown: readonly Unknown[]
}

/** The overlaps that were there at the last look. */
async function liveOverlaps(db: Db): Promise<KnownOverlap[]> {
  const rows = await db.selectFrom('overlap').selectAll().where('goneAt', 'is', null).orderBy('id').execute()
  return rows.map(({ id, taskId, otherId, kind, files, hunks }) => ({
    ...{ id, taskId, otherId, kind },
    files: JSON.parse(files) as Overlap['files'],
    hunks: JSON.parse(hunks) as Overlap['hunks'],
  }))
}

/** With how many other lanes the work of a task would conflict; tasks without any are left out. */
export async function overlapsByTask(db: Db): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>()
  for (const { taskId, otherId, ...overlap } of await liveOverlaps(db))
    if (otherId !== null && isReal(overlap))
      for (const id of [taskId, otherId]) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}

/** How many there are between lanes, and with base, among tasks that can still land. */
export async function countOverlaps(db: Db): Promise<{ readonly lanes: number; readonly base: number }> {
  const open = await db
    .selectFrom('task')
    .select('id')
    .where('state', 'in', ['pending', 'in_progress', 'completed'])
    .execute()
  const ids = new Set(open.map(({ id }) => id))
  const live = (await liveOverlaps(db)).filter(
    ({ taskId, otherId }) => ids.has(taskId) && (otherId === null || ids.has(otherId)),
  )
  const base = live.filter(({ otherId }) => otherId === null).length
  return { lanes: live.length - base, base }
}

/** Whether a look says anything that is not written down; asked before a transaction, which would lock others out. */
export async function isNewLook(db: Db, look: OverlapLook): Promise<boolean> {
  const { found, changed, gone } = overlapChanges(await liveOverlaps(db), look)
  return found.length + changed.length + gone.length > 0
}

/** Writes down what a look found, tells it, and tells the agents of two lanes of what is between them. Once each. */
export async function recordLook(tx: Tx, look: OverlapLook): Promise<void> {
  const { found, changed, gone } = overlapChanges(await liveOverlaps(tx.db), look)
  for (const overlap of found) await putDown(tx, overlap)
  for (const { known, now } of changed) await putAnew(tx, known, now)
  for (const known of gone) await strike(tx, known)
}

function columnsOf(tx: Tx, { kind, files, hunks }: Overlap) {
  const [named, placed] = [redactDeeply(files, tx.redact), redactDeeply(hunks, tx.redact)]
  return { kind, files: JSON.stringify(named), hunks: JSON.stringify(placed) }
}

async function putDown(tx: Tx, overlap: Overlap): Promise<void> {
  const key = keyOf(overlap)
  await tx.db
    .insertInto('overlap')
    .values({ ...key, ...columnsOf(tx, overlap), foundAt: tx.now, goneAt: null })
    .execute()
  await tellOf(tx, 'overlap.found', key, overlap)
  if (isReal(overlap)) await warn(tx, key, overlap)
}

async function putAnew(tx: Tx, known: KnownOverlap, now: Overlap): Promise<void> {
  await tx.db.updateTable('overlap').set(columnsOf(tx, now)).where('id', '=', known.id).execute()
  if (isReal(now) && !isReal(known)) await warn(tx, known, now)
}

async function strike(tx: Tx, known: KnownOverlap): Promise<void> {
  await tx.db.updateTable('overlap').set({ goneAt: tx.now }).where('id', '=', known.id).execute()
  await tellOf(tx, 'overlap.gone', known, known)
  for (const [own, other] of sidesOf(known)) {
    const task = await subjectOf(tx, other)
    const was = await removeNotes(tx, own, other)
    if (was) await put(tx, own, overlapGoneNote(other, task.subject, task.state === 'landed'))
  }
}

/** Events name few files: the rest is in the row. */
const MOST_FILES = 10

async function tellOf(
  tx: Tx,
  type: 'overlap.found' | 'overlap.gone',
  { taskId, otherId }: OverlapKey,
  { kind, files }: Pick<Overlap, 'kind' | 'files'>,
): Promise<void> {
  const paths = files.slice(0, MOST_FILES).map(({ path }) => path)
  const tasks = otherId === null ? [taskId] : [taskId, otherId]
  await tell(tx, {
    type,
    subject: `task/${taskId}`,
    data: { tasks, base: otherId === null, kind, files: paths },
  })
}

async function warn(tx: Tx, key: OverlapKey, overlap: Overlap): Promise<void> {
  for (const [own, other] of sidesOf(key)) {
    const { subject } = await subjectOf(tx, other)
    await removeNotes(tx, own, other)
    await put(tx, own, overlapNote(overlap, { other, subject, isFirst: own === key.taskId }))
  }
}

/** Whom to tell about whom; nobody where it is base. */
function sidesOf({ taskId, otherId }: OverlapKey): [own: number, other: number][] {
  return otherId === null
    ? []
    : [
        [taskId, otherId],
        [otherId, taskId],
      ]
}

async function subjectOf(
  tx: Tx,
  id: number,
): Promise<{ readonly subject: string; readonly state: TaskState }> {
  const row = await tx.db
    .selectFrom('task')
    .select(['subject', 'state'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return { subject: row.subject, state: row.state as TaskState }
}

/** Of what is between two lanes only the newest counts: agents would have to read all of it. */
async function removeNotes(tx: Tx, own: number, other: number): Promise<boolean> {
  const { numDeletedRows } = await tx.db
    .deleteFrom('note')
    .where('taskId', '=', own)
    .where('kind', '=', 'overlap')
    .where('text', 'like', `${noteStart(other)}%`)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

async function put(tx: Tx, taskId: number, text: string): Promise<void> {
  await noteOn(tx, taskId, { kind: 'overlap', text })
}
