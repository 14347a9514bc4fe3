import type { Kysely } from 'kysely'
import type { EventDraft } from '../board/event.ts'
import {
  isKept,
  isOurs,
  type RefAt,
  type SharedChange,
  type SharedState,
  sharedChange,
} from '../board/shared-state.ts'
import type { Schema } from './schema.ts'
import { type Tx, tell } from './transact.ts'

type Db = Kysely<Schema>

/** Where base was at the last look. */
interface Base {
  readonly branch: string
  readonly tip: string
  /** Number of the newest event before the look. */
  readonly seq: number
}

/** A look at what all worktrees share. */
export interface SharedLook {
  readonly state: SharedState
  /** Null: no base is chosen yet. */
  readonly baseBranch: string | null
  /** Of the newest event, taken before the look: what is told later need not be in it yet. */
  readonly seq: number
}

const SEEN = 'shared-state'
const SEEN_BASE = 'shared-state.base'
const ACCEPTED = 'shared-state.accepted'
const GONE = 'shared-state.gone'
/** Names in one event. */
const MOST_NAMES = 50

/** What a person has taken for right; undefined before the first look. */
export async function acceptedShared(db: Db): Promise<SharedState | undefined> {
  return await settingOf<SharedState>(db, ACCEPTED)
}

export async function acceptShared(tx: Tx, state: SharedState): Promise<void> {
  await keep(tx, ACCEPTED, { ...state, refs: {} })
  await keep(tx, GONE, [])
}

/**
 * Branches and tags of others that are gone, which no person has taken for right. `refs`: those of now, to see also what
 * went since the last look.
 */
export async function goneRefs(db: Db, refs?: SharedState['refs']): Promise<readonly RefAt[]> {
  const known = (await settingOf<RefAt[]>(db, GONE)) ?? []
  if (refs === undefined) return known
  const seen = Object.entries((await settingOf<SharedState>(db, SEEN))?.refs ?? {})
  const ours = await ownRefs(db, null)
  const before = seen.map(([ref, at]) => ({ ref, at })).filter(({ ref }) => !isOurs(ref, ours))
  return notIn(refs, [...known, ...before])
}

/** Each once, as it was last. */
function notIn(refs: SharedState['refs'], before: readonly RefAt[]): RefAt[] {
  const last = new Map(before.map(({ ref, at }) => [ref, { ref, at }]))
  return [...last.values()].filter(({ ref }) => isKept(ref) && !Object.hasOwn(refs, ref))
}

/** Tells what differs from the last look, and remembers this one. The first look is taken for right. */
export async function recordShared(tx: Tx, look: SharedLook): Promise<void> {
  const seen = await settingOf<SharedState>(tx.db, SEEN)
  const seenBase = await settingOf<Base>(tx.db, SEEN_BASE)
  const ours = await ownRefs(tx.db, look.baseBranch)
  const base = baseOf(look)
  if (seen === undefined) await acceptShared(tx, look.state)
  else {
    const change = sharedChange(seen, look.state, ours)
    await tell(tx, ...changes(change), ...(await foreignMove(tx.db, seenBase, base)))
    const gone = [...(await goneRefs(tx.db)), ...(change.refs?.vanished ?? [])]
    await keep(tx, GONE, notIn(look.state.refs, gone))
  }
  const refs = Object.fromEntries(Object.entries(look.state.refs).filter(([ref]) => !isOurs(ref, ours)))
  await keep(tx, SEEN, { ...look.state, refs })
  // A base that is gone for a moment is compared with what it was.
  if (base !== null) await keep(tx, SEEN_BASE, base)
}

/** How others moved base since a landing last did: from where, to where; null where they did not. */
export async function movedByOthers(
  db: Db,
  branch: string,
): Promise<{ readonly from: string; readonly to: string } | null> {
  const rows = await db
    .selectFrom('event')
    .select('data')
    .where('type', '=', 'base.moved')
    .where('subject', '=', `base/${branch}`)
    .orderBy('seq', 'desc')
    .limit(1000)
    .execute()
  const moves = rows.map(({ data }) => JSON.parse(data) as { from: string; to: string; by?: string })
  const landed = moves.findIndex(({ by }) => by === undefined)
  const others = landed === -1 ? moves : moves.slice(0, landed)
  const [last, first] = [others[0], others.at(-1)]
  return last === undefined || first === undefined ? null : { from: first.from, to: last.to }
}

/** Base, and the branches of all lanes that ever were. */
async function ownRefs(db: Db, baseBranch: string | null): Promise<Set<string>> {
  const lanes = await db.selectFrom('lane').select('branch').distinct().execute()
  const branches = [...lanes.map(({ branch }) => branch), ...(baseBranch === null ? [] : [baseBranch])]
  return new Set(branches.map((branch) => `refs/heads/${branch}`))
}

function baseOf({ state, baseBranch, seq }: SharedLook): Base | null {
  const tip = baseBranch === null ? undefined : state.refs[`refs/heads/${baseBranch}`]
  return baseBranch === null || tip === undefined ? null : { branch: baseBranch, tip, seq }
}

function changes({ config, hooks, alternates, attributes, refs }: SharedChange): EventDraft[] {
  const draft = (type: EventDraft['type'], data: object | null): EventDraft[] =>
    data === null ? [] : [{ type, subject: 'repository', data: cut(data) }]
  return [
    ...draft('repository.config_changed', config),
    ...draft('repository.hooks_changed', hooks),
    ...draft('repository.alternates_changed', alternates),
    ...draft('repository.attributes_changed', attributes),
    ...draft('repository.refs_changed', refs),
  ]
}

/** Lists of an event, each cut, with the number of what was left out. */
function cut(lists: object): Record<string, unknown> {
  const entries = Object.entries(lists) as [string, readonly unknown[]][]
  const more = entries.reduce((sum, [, list]) => sum + Math.max(0, list.length - MOST_NAMES), 0)
  const kept = entries.map(([name, list]) => [name, list.slice(0, MOST_NAMES)])
  return { ...Object.fromEntries(kept), ...(more === 0 ? {} : { more }) }
}

/** Base is somewhere else, and no landing brought it there. */
async function foreignMove(db: Db, before: Base | undefined, now: Base | null): Promise<EventDraft[]> {
  if (before === undefined || now === null || before.branch !== now.branch || before.tip === now.tip)
    return []
  const rows = await db
    .selectFrom('event')
    .select('data')
    .where('type', '=', 'base.moved')
    .where('subject', '=', `base/${now.branch}`)
    .where('seq', '>', before.seq)
    .orderBy('seq')
    .execute()
  const moves = rows.map(({ data }) => JSON.parse(data) as { to?: string; by?: string })
  // A landing moves the ref first and tells then.
  const moving = await db.selectFrom('landing').select('candidate').where('state', '=', 'moving').execute()
  const landed = moves.filter(({ by }) => by === undefined).map(({ to }) => to)
  if (landed.includes(now.tip) || moving.some(({ candidate }) => candidate === now.tip)) return []
  const data = { from: moves.at(-1)?.to ?? before.tip, to: now.tip, by: 'other' }
  return [{ type: 'base.moved', subject: `base/${now.branch}`, data }]
}

async function settingOf<T>(db: Db, key: string): Promise<T | undefined> {
  const row = await db.selectFrom('setting').select('value').where('key', '=', key).executeTakeFirst()
  return row === undefined ? undefined : (JSON.parse(row.value) as T)
}

/** In a repository with thousands of refs it is long, and mostly the same as before. */
async function keep(tx: Tx, key: string, content: unknown): Promise<void> {
  const value = JSON.stringify(content)
  const same = tx.db.selectFrom('setting').select('key').where('key', '=', key).where('value', '=', value)
  if ((await same.executeTakeFirst()) !== undefined) return
  await tx.db
    .insertInto('setting')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}
