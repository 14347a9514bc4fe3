import type { Landing } from '../../board/landing.ts'
import { landingOrder } from '../../board/landing-order.ts'
import { batchSize, failureRate } from '../../board/prefix-search.ts'
import { isLandingPaused } from '../../ledger/landing-pause.ts'
import { landingQueue } from '../../ledger/landings.ts'
import { overlapsByTask } from '../../ledger/overlaps.ts'
import { taskMap } from '../../ledger/tasks.ts'
import { recentEnds } from '../../ledger/verify-runs.ts'
import type { World } from '../world.ts'
import { watchBase } from './base-check.ts'
import { hold } from './entry.ts'
import { landPrefix } from './move-stack.ts'
import { type SearchRules, searchStack } from './search.ts'
import { openSlots, type VerifySlots } from './slots.ts'
import { formStack, type Stack } from './stack.ts'
import { openSuspects } from './suspects.ts'
import { verifyEnvironment } from './verify.ts'

export interface QueueRules {
  /** Command run on the exact merged commit where who completed it named none; null: land unverified, and say so. */
  readonly verify: string | null
  /** Goes before any other verify command: a person asked for it now. */
  readonly insist?: string | undefined
  /** Default: as the settings say. */
  readonly everyCommit?: boolean | undefined
  /** When true, nothing new starts; what is under way is finished. */
  readonly paused: () => boolean
  /** Aborted: verify and set-up commands end at once. Default: the world's. */
  readonly hurry?: AbortSignal | undefined
  /** Default: checkouts in which the command really runs. */
  readonly slots?: VerifySlots
}

/** The landing queue of one process. */
export interface Queue {
  /** Landings that are in the middle because this process works on them. */
  isOurs(landingId: number): boolean
  readonly suspects: number
  /** Works on one stack, or on those who failed once where nobody else waits. */
  work(): Promise<void>
  release(): Promise<void>
}

export function openQueue(world: World, rules: QueueRules): Queue {
  const { landing } = world.settings
  const { hurry = world.hurry } = rules
  const slots = rules.slots ?? openSlots(world, landing.slots, hurry)
  const suspects = openSuspects(world)
  const search: SearchRules = {
    slots,
    environment: verifyEnvironment(world),
    everyCommit: rules.everyCommit ?? landing.everyCommit,
    paused: async () => rules.paused() || hurry.aborted || (await isLandingPaused(world.ledger.db)),
    fillSlot: () => suspects.start(slots),
    hear: suspects.hear,
  }
  const baseFails = watchBase(world, search)
  const again = async (): Promise<void> => {
    while (suspects.size > 0) {
      const paused = await search.paused()
      while (!paused && slots.running.length < slots.count && suspects.start(slots));
      if (slots.running.length === 0) return
      await suspects.hear(await slots.next())
    }
  }
  const work = async (): Promise<void> => {
    const queued = await inOrder(world)
    if (queued.length === 0 || suspects.overdue) return await again()
    const commandOf = (entry: Landing): string | null => rules.insist ?? entry.verify ?? rules.verify
    const atMost = landing.batch ?? batchSize(failureRate(await recentEnds(world.ledger.db)), slots.count)
    const stack = await formStack(world, queued, { commandOf, atMost })
    if (stack === null) return
    if (stack.command === null) return void (await landUnverified(world, stack))
    const broken = baseFails.known(stack)
    if (broken !== null) return await holdAll(world, stack, broken)
    const culprit = await searchStack(world, stack, search)
    suspects.pass()
    if (culprit === null) return
    suspects.add(culprit)
    const reason = culprit.onBase ? await baseFails.check(stack, culprit) : null
    if (reason !== null) await suspects.hold(stack.base, reason)
  }
  return {
    isOurs: suspects.has,
    get suspects() {
      return suspects.size
    },
    work,
    release: async () => await suspects.release('interrupted'),
  }
}

async function inOrder({ ledger: { db } }: World): Promise<Landing[]> {
  const queued = (await landingQueue(db)).filter(({ state }) => state === 'queued')
  if (queued.length < 2) return queued
  const [overlaps, tasks] = [await overlapsByTask(db), await taskMap(db)]
  const entries = queued.map((landing) => {
    const priority = tasks.get(landing.taskId)?.priority ?? 0
    return { id: landing.id, priority, overlaps: overlaps.get(landing.taskId) ?? 0, landing }
  })
  return landingOrder(entries).map(({ landing }) => landing)
}

async function landUnverified(world: World, { base, on, entries }: Stack): Promise<boolean> {
  return await landPrefix(world, { base, from: on, entries, verified: false })
}

async function holdAll(world: World, { entries }: Stack, reason: string): Promise<void> {
  for (const { entry } of entries) await hold(world, entry, reason)
}
