import type { Kysely, Selectable } from 'kysely'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import {
  checkDependencies,
  stepTask,
  type Task,
  type TaskDraft,
  type TaskState,
  type TaskStep,
  waysOn,
} from '../board/task.ts'
import type { Schema } from './schema.ts'
import { type Tx, tell } from './transact.ts'

type Db = Kysely<Schema>

function toTask(row: Selectable<Schema['task']>, after: readonly number[]): Task {
  return {
    ...row,
    state: row.state as TaskState,
    network: row.network === null ? null : (JSON.parse(row.network) as Task['network']),
    checks: JSON.parse(row.checks) as string[],
    touches: JSON.parse(row.touches) as string[],
    allowEmpty: row.allowEmpty === 1,
    review: row.review === 1,
    after,
  }
}

export async function findTask(db: Db, id: number): Promise<Task | undefined> {
  const row = await db.selectFrom('task').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return undefined
  const after = await db
    .selectFrom('dependency')
    .select('onId')
    .where('taskId', '=', id)
    .orderBy('onId')
    .execute()
  return toTask(
    row,
    after.map((edge) => edge.onId),
  )
}

/** The task, or the refusal that names what is missing. */
export async function needTask(db: Db, id: number): Promise<Task | Refusal> {
  return (
    (await findTask(db, id)) ??
    refuse('no-such-task', `There is no task ${id}.`, 'See the numbers with: worklane task list')
  )
}

export async function listTasks(db: Db): Promise<Task[]> {
  const rows = await db.selectFrom('task').selectAll().orderBy('id').execute()
  const after = await dependencies(db)
  return rows.map((row) => toTask(row, after.get(row.id) ?? []))
}

async function dependencies(db: Db): Promise<Map<number, number[]>> {
  const edges = new Map<number, number[]>()
  for (const { taskId, onId } of await db
    .selectFrom('dependency')
    .selectAll()
    .orderBy('taskId')
    .orderBy('onId')
    .execute()) {
    const list = edges.get(taskId)
    if (list === undefined) edges.set(taskId, [onId])
    else list.push(onId)
  }
  return edges
}

/** For the pure rules: every task's state and dependencies by id. */
export async function taskMap(db: Db): Promise<Map<number, Task>> {
  return new Map((await listTasks(db)).map((task) => [task.id, task]))
}

/** What a list shows of a task. */
export type TaskLine = Pick<
  Task,
  'id' | 'subject' | 'state' | 'priority' | 'epoch' | 'failures' | 'review' | 'after'
>

/** Every task by id, without what it says at length: with a thousand of them that counts. */
export async function taskLines(db: Db): Promise<Map<number, TaskLine>> {
  const rows = await db
    .selectFrom('task')
    .select(['id', 'subject', 'state', 'priority', 'epoch', 'failures', 'review'])
    .orderBy('id')
    .execute()
  const edges = await dependencies(db)
  const none: readonly number[] = []
  return new Map(
    rows.map((row) => [
      row.id,
      { ...row, state: row.state as TaskState, review: row.review === 1, after: edges.get(row.id) ?? none },
    ]),
  )
}

/** A draft whose `after` may also name other drafts of the same call, as negative places: -1 is the first. */
export async function addTasks(tx: Tx, drafts: readonly TaskDraft[]): Promise<readonly number[] | Refusal> {
  const ids: number[] = []
  for (const draft of drafts) {
    const { subject, description, priority, maxAttempts, timeLimit, command, verify } = draft
    const plain = { subject, description, priority, maxAttempts, timeLimit, command, verify }
    const { checks, touches, allowEmpty, review, network } = draft
    const row = await tx.db
      .insertInto('task')
      .values({
        ...plain,
        network: network === null ? null : JSON.stringify(network),
        state: 'pending',
        checks: JSON.stringify(checks),
        touches: JSON.stringify(touches),
        allowEmpty: Number(allowEmpty),
        review: Number(review),
        result: null,
        createdAt: tx.now,
        updatedAt: tx.now,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    ids.push(row.id)
  }
  const first = ids[0] ?? 0
  for (const id of drafts.flatMap((draft) => draft.after))
    if (id >= first)
      return refuse(
        'unknown-dependency',
        `There is no task ${id} to wait for.`,
        'See the numbers with: worklane task list',
      )
  const after = drafts.map((draft) => draft.after.map((id) => (id < 0 ? (ids[-id - 1] ?? 0) : id)))
  const refusal = await writeDependencies(tx, new Map(ids.map((id, at) => [id, after[at] ?? []])))
  if (refusal !== null) return refusal
  for (const [at, id] of ids.entries())
    await tell(tx, {
      type: 'task.added',
      subject: `task/${id}`,
      data: { subject: drafts[at]?.subject, priority: drafts[at]?.priority, after: after[at] },
    })
  return ids
}

async function writeDependencies(
  tx: Tx,
  changed: ReadonlyMap<number, readonly number[]>,
): Promise<Refusal | null> {
  if ([...changed.values()].every((after) => after.length === 0)) return null
  const known = await tx.db.selectFrom('task').select('id').execute()
  const edges: Map<number, readonly number[]> = new Map(known.map(({ id }) => [id, []]))
  for (const [id, after] of [...(await dependencies(tx.db)), ...changed]) edges.set(id, after)
  const refusal = checkDependencies(edges)
  if (refusal !== null) return refusal
  for (const [taskId, after] of changed)
    for (const onId of new Set(after)) await tx.db.insertInto('dependency').values({ taskId, onId }).execute()
  return null
}

/** Changes what was asked for; only while nobody works on it. */
export async function editTask(tx: Tx, id: number, change: Partial<TaskDraft>): Promise<Task | Refusal> {
  const task = await needTask(tx.db, id)
  if (isRefusal(task)) return task
  if (task.state !== 'pending')
    return refuse(
      'wrong-state',
      `Task ${id} is ${task.state.replace('_', ' ')}; only a pending task can be edited.`,
      task.state === 'in_progress'
        ? `To change it now: worklane release ${id} --force, then edit.`
        : waysOn(task),
    )
  const { after, checks, touches, allowEmpty, review, network, ...plain } = change
  await tx.db
    .updateTable('task')
    .set({
      ...plain,
      ...(checks === undefined ? {} : { checks: JSON.stringify(checks) }),
      ...(touches === undefined ? {} : { touches: JSON.stringify(touches) }),
      ...(network === undefined ? {} : { network: network === null ? null : JSON.stringify(network) }),
      ...(allowEmpty === undefined ? {} : { allowEmpty: Number(allowEmpty) }),
      ...(review === undefined ? {} : { review: Number(review) }),
      updatedAt: tx.now,
    })
    .where('id', '=', id)
    .execute()
  if (after !== undefined) {
    await tx.db.deleteFrom('dependency').where('taskId', '=', id).execute()
    const refusal = await writeDependencies(tx, new Map([[id, after]]))
    if (refusal !== null) return refusal
  }
  await tell(tx, { type: 'task.edited', subject: `task/${id}`, data: { changed: Object.keys(change) } })
  return await needTask(tx.db, id)
}

/** Takes one step of the task's state machine; the caller tells the event, since only it knows the reason. */
export async function moveTask(
  tx: Tx,
  task: Task,
  step: TaskStep,
  change: { readonly epoch?: number; readonly failures?: number; readonly result?: string | null } = {},
): Promise<Task | Refusal> {
  const state = stepTask(task, step)
  if (isRefusal(state)) return state
  await tx.db
    .updateTable('task')
    .set({ ...change, state, updatedAt: tx.now })
    .where('id', '=', task.id)
    .execute()
  return { ...task, ...change, state, updatedAt: tx.now }
}

export async function taskStates(db: Db, ids: readonly number[]): Promise<Map<number, TaskState>> {
  const rows = await db
    .selectFrom('task')
    .select(['id', 'state'])
    .where('id', 'in', [...ids])
    .execute()
  return new Map(rows.map((row) => [row.id, row.state as TaskState]))
}

export interface Note {
  /**
   * The first ones say why the task came back; `agent` and `person`: what somebody had to say about it; `overlap`: what
   * another lane changes; `base`: what of its files base has changed.
   */
  readonly kind:
    | 'attempt'
    | 'walls'
    | 'conflict'
    | 'rejection'
    | 'review'
    | 'release'
    | 'agent'
    | 'person'
    | 'overlap'
    | 'base'
  readonly text: string
}

/** A note for whoever takes the task next. */
export async function noteOn(tx: Tx, taskId: number, note: Note): Promise<void> {
  await tx.db
    .insertInto('note')
    .values({ taskId, kind: note.kind, text: tx.redact(note.text), createdAt: tx.now })
    .execute()
}

export async function notesOf(db: Db, taskId: number): Promise<(Note & { createdAt: number })[]> {
  const rows = await db.selectFrom('note').selectAll().where('taskId', '=', taskId).orderBy('id').execute()
  return rows.map(({ kind, text, createdAt }) => ({ kind: kind as Note['kind'], text, createdAt }))
}

/** The newest note of each task that says why it came back, with the first line of its text only. */
export async function latestNotes(db: Db): Promise<Map<number, Note>> {
  const newest = db
    .selectFrom('note')
    .select(({ fn }) => fn.max('id').as('id'))
    .where('kind', 'not in', ['agent', 'person', 'overlap', 'base'])
    .groupBy('taskId')
  const rows = await db.selectFrom('note').selectAll().where('id', 'in', newest).execute()
  return new Map(
    rows.map(({ taskId, kind, text }) => [
      taskId,
      { kind: kind as Note['kind'], text: text.split('\n', 1)[0] ?? '' },
    ]),
  )
}
