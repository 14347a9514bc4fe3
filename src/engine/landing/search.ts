import { planSearch } from '../../board/prefix-search.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { branchTip, firstParents } from '../../host/git/refs.ts'
import { landingQueue } from '../../ledger/landings.ts'
import { wasGreen } from '../../ledger/verify-runs.ts'
import { diskIsFull } from '../disk.ts'
import type { World } from '../world.ts'
import { move, setBack } from './entry.ts'
import { landPrefix } from './move-stack.ts'
import type { VerifyEnd, VerifyJob, VerifySlots } from './slots.ts'
import type { Stack, Stacked } from './stack.ts'

export interface SearchRules {
  readonly slots: VerifySlots
  /** Digest of what a verify run depends on beside tree and command. */
  readonly environment: string
  /** Each commit on base's line of first parents has to be green, not only the one that base moves to. */
  readonly everyCommit: boolean
  /** When true, nothing new is verified; what is under way is finished. */
  readonly paused: () => Promise<boolean>
  /** Uses a slot that the search leaves free. */
  readonly fillSlot: () => boolean
  /** Hears of a run that is not of the search. */
  readonly hear: (end: VerifyEnd) => Promise<void>
}

/** The entry without which everything below it has landed, and the run that showed it. */
export interface Culprit {
  readonly stacked: Stacked
  readonly end: VerifyEnd
  /** It stands on base alone, so base itself can be what fails. */
  readonly onBase: boolean
}

/**
 * Lands what is green of a stack, and finds the first entry that is not. Null: none was found; all has landed, or
 * what has not is in the queue again.
 */
export async function searchStack(world: World, stack: Stack, rules: SearchRules): Promise<Culprit | null> {
  const search: Search = {
    world,
    stack,
    rules,
    below: rules.everyCommit ? await commitsBelow(world, stack) : [],
    results: new Map<number, 'green' | 'red'>(),
    reds: new Map<number, VerifyEnd>(),
    landed: 0,
  }
  for (;;) {
    const { landed } = search
    const plan = await planNext(search)
    stopOthers(search, plan.stop)
    if (plan.green > landed) {
      if (!(await landUpTo(search, plan.green))) return await dissolve(search, landed, { reason: LATER })
      search.landed = plan.green
      continue
    }
    const red = plan.culprit === null ? undefined : search.reds.get(plan.culprit)
    const stacked = stack.entries[(plan.culprit ?? 0) - 1]
    if (red !== undefined && stacked !== undefined) {
      await dissolve(search, landed + 1, withoutTask(stacked.entry.taskId))
      return { stacked, end: red, onBase: plan.culprit === 1 }
    }
    if (landed === stack.entries.length) return null
    const paused = await rules.paused()
    if (paused && ownKeys(search).length === 0)
      return await dissolve(search, landed, { reason: 'interrupted' })
    if (!paused) startSome(search, plan.start)
    const end = await rules.slots.next()
    const at = positionOf(stack, end.job.key)
    if (at === 0) {
      await rules.hear(end)
      continue
    }
    const fault = faultOf(world, stack, end)
    if (fault !== null) return await giveUp(search, landed, fault)
    note(search, at, end)
    const moot = await whyMoot(search)
    if (moot !== null) return await dissolve(search, landed, moot)
  }
}

/** Why the stack is not to land as it is, whatever its runs say. Null: nothing has changed. */
async function whyMoot({ world, stack, landed }: Search): Promise<Moot | null> {
  const tip = await branchTip({ gitDir: world.repository.commonDir }, stack.base)
  if (tip !== baseAt(stack, landed)) return { reason: `${stack.base} moved meanwhile` }
  const standing = await landingQueue(world.ledger.db)
  const verifying = new Set(standing.filter(({ state }) => state === 'verifying').map(({ id }) => id))
  const gone = stack.entries.slice(landed).find(({ entry }) => !verifying.has(entry.id))
  return gone === undefined ? null : withoutTask(gone.entry.taskId)
}

interface Moot {
  readonly reason: string
  /** The task because of which the others are stacked again. */
  readonly without?: number
}

function withoutTask(taskId: number): Moot {
  return { reason: `stacked again without task ${taskId}`, without: taskId }
}

const LATER = 'what it stood on did not land'

interface Search {
  readonly world: World
  readonly stack: Stack
  readonly rules: SearchRules
  /** For each entry the commits before its own, where it brings several and each counts. */
  readonly below: readonly VerifyJob['below'][]
  readonly results: Map<number, 'green' | 'red'>
  readonly reds: Map<number, VerifyEnd>
  /** How many of its entries base has by now. */
  landed: number
}

/** What the ledger knows of a tree is not verified again. */
async function planNext(search: Search): Promise<ReturnType<typeof planSearch>> {
  const { world, stack, rules, results } = search
  for (;;) {
    const plan = planSearch({
      length: stack.entries.length,
      results,
      running: ownKeys(search).map((key) => positionOf(stack, key)),
      slots: Math.max(1, rules.slots.count - otherRuns(search)),
      everyCommit: rules.everyCommit,
    })
    let known = false
    for (const at of plan.start) {
      const job = jobOf(search, at)
      if (job === null || !(await allGreen(world, job))) continue
      results.set(at, 'green')
      known = true
    }
    if (!known) return plan
  }
}

async function allGreen({ ledger: { db } }: World, job: VerifyJob): Promise<boolean> {
  for (const { tree } of [...job.below, job]) if (!(await wasGreen(db, { ...job, tree }))) return false
  return true
}

/** A merge or a squashed commit is one by first parents; a rebased lane all of its own. */
async function commitsBelow(world: World, stack: Stack): Promise<VerifyJob['below'][]> {
  const place = { gitDir: world.repository.commonDir }
  const own = stack.entries.map(({ commit }, at) => firstParents(place, baseAt(stack, at), commit))
  return (await Promise.all(own)).map((commits) => commits.slice(0, -1))
}

function otherRuns(search: Search): number {
  return search.rules.slots.running.length - ownKeys(search).length
}

function ownKeys({ stack, rules }: Search): string[] {
  return rules.slots.running.filter((key) => positionOf(stack, key) > 0)
}

/** By its commit: the same entries stacked again are another prefix. */
function keyOf({ entries }: Stack, at: number): string {
  return `prefix/${entries[at - 1]?.commit}`
}

/** 0: it is not of this stack. */
function positionOf(stack: Stack, key: string): number {
  return stack.entries.findIndex((_, index) => keyOf(stack, index + 1) === key) + 1
}

function jobOf(search: Search, at: number): VerifyJob | null {
  const { stack, rules, below } = search
  const top = stack.entries[at - 1]
  if (top === undefined || stack.command === null) return null
  const { commit, tree, entry } = top
  const tasks = stack.entries.slice(0, at).map((one) => one.entry.taskId)
  const { environment } = rules
  return {
    key: keyOf(stack, at),
    commit,
    tree,
    command: stack.command,
    environment,
    below: below[at - 1] ?? [],
    tasks,
    landing: entry.id,
    isMoot: async () => (await whyMoot(search)) !== null,
  }
}

function startSome(search: Search, positions: readonly number[]): void {
  const { slots, fillSlot } = search.rules
  for (const at of positions) {
    const job = jobOf(search, at)
    if (job !== null && slots.running.length < slots.count) slots.start(job)
  }
  while (slots.running.length < slots.count && fillSlot());
}

function stopOthers({ stack, rules }: Search, positions: readonly number[]): void {
  const keys = positions.map((at) => keyOf(stack, at))
  rules.slots.stop((key) => !keys.includes(key))
}

function note({ results, reds }: Search, at: number, end: VerifyEnd): void {
  if (end.answer.kind === 'green') results.set(at, 'green')
  if (end.answer.kind !== 'red') return
  results.set(at, 'red')
  reds.set(at, end)
}

function baseAt({ on, entries }: Stack, landed: number): string {
  return entries[landed - 1]?.commit ?? on
}

async function landUpTo({ world, stack, landed }: Search, green: number): Promise<boolean> {
  crashPoint('landing.verified')
  return await landPrefix(world, {
    base: stack.base,
    from: baseAt(stack, landed),
    entries: stack.entries.slice(landed, green),
    verified: true,
  })
}

/** A full disk makes any check red. */
function faultOf(world: World, { command }: Stack, { answer }: VerifyEnd): string | null {
  if (answer.kind === 'fault') return answer.reason
  return answer.kind === 'red' && diskIsFull(world) ? `\`${command}\` failed.` : null
}

/** What is left of the stack goes back into the queue, and its runs end. */
async function dissolve(search: Search, from: number, { reason, without }: Moot): Promise<null> {
  const { world, stack } = search
  await endRuns(search)
  const change = { reason, ...(without === undefined ? {} : { told: { without } }) }
  for (const { entry } of stack.entries.slice(from)) await move(world, entry.id, 'fault', change)
  return null
}

/** The machine failed, so each of them is tried again later; and held when it keeps failing. */
async function giveUp(search: Search, from: number, reason: string): Promise<null> {
  const { world, stack } = search
  await endRuns(search)
  for (const { entry } of stack.entries.slice(from)) await setBack(world, entry, reason)
  return null
}

async function endRuns(search: Search): Promise<void> {
  const { stack, rules } = search
  rules.slots.stop((key) => positionOf(stack, key) === 0)
  while (ownKeys(search).length > 0) {
    const end = await rules.slots.next()
    if (positionOf(stack, end.job.key) === 0) await rules.hear(end)
  }
}
