import { setTimeout as wait } from 'node:timers/promises'
import { type Landing, MOVABLE_LANDING_STATES } from '../../board/landing.ts'
import { isRefusal } from '../../board/refusal.ts'
import { settleBase } from '../../host/git/move-base.ts'
import { branchTip, contains } from '../../host/git/refs.ts'
import { landingQueue, moveLanding, recordLanded } from '../../ledger/landings.ts'
import { transact } from '../../ledger/transact.ts'
import type { Action, Controller } from '../controller.ts'
import type { World } from '../world.ts'
import { blockage } from './blockage.ts'
import { land } from './land.ts'
import { type LandingPlan, planQueue } from './plan.ts'

export interface LandingOptions {
  /** Command run on the exact merged commit where who completed it named none; null: land unverified, and say so. */
  readonly verify: string | null
  /** Goes before any other verify command: a person asked for it now. */
  readonly insist?: string | undefined
  /** Whether this process has the landing role now. */
  readonly mayLand: () => Promise<boolean>
  /** When true, nothing new starts; what is under way is finished. */
  readonly paused: () => boolean
  /** Whether another living process lands. Without the role, what it has to land is then waited for. */
  readonly landsElsewhere?: () => Promise<boolean>
  /** Aborted: verify and set-up commands end at once. Default: the world's. */
  readonly hurry?: AbortSignal | undefined
}

/** Whether a held entry is free costs a look at the user's files; so often at most, in milliseconds. */
const LOOK_AT_HELD_EVERY = 500

/** Whether another process is done landing is asked so often, in milliseconds. */
const LOOK_AT_OTHERS_EVERY = 100

/** Works the landing queue, one entry at a time. */
export function landingController(world: World, options: LandingOptions): Controller {
  let landing = false
  const isFree = patientLook(world)
  return {
    name: 'landing',
    async plan() {
      if (landing) return []
      const entries = await landingQueue(world.ledger.db)
      if (entries.length === 0) return []
      if (!(await options.mayLand())) return await waitForOthers(world, options)
      const sight = await Promise.all(
        entries.map(async (entry) => ({
          ...entry,
          free: entry.state === 'held' && (await isFree(entry)),
        })),
      )
      const plans = planQueue({ entries: sight }).filter(
        ({ action }) => action !== 'land' || !options.paused(),
      )
      return plans.map((plan) => {
        const entry = entries.find(({ id }) => id === plan.landingId)
        return toAction(plan, async () => {
          if (entry === undefined) return
          landing = true
          await act(world, plan, entry, options).finally(() => {
            landing = false
          })
        })
      })
    },
  }
}

/** What waits for these landings can start only after them, so a session is not done before. */
async function waitForOthers(world: World, options: LandingOptions): Promise<Action[]> {
  const lands = async (): Promise<boolean> =>
    !options.paused() &&
    (await options.landsElsewhere?.()) === true &&
    (await landingQueue(world.ledger.db)).some(({ state }) => MOVABLE_LANDING_STATES.includes(state))
  if (!(await lands())) return []
  const what = 'Wait for what another process lands.'
  const act = async (): Promise<void> => {
    while (await lands()) await wait(LOOK_AT_OTHERS_EVERY)
  }
  return [{ key: 'landing/wait', what, act }]
}

function patientLook(world: World): (entry: Landing) => Promise<boolean> {
  const looked = new Map<number, { readonly at: number; readonly free: boolean }>()
  return async (entry) => {
    const last = looked.get(entry.id)
    if (last !== undefined && !last.free && performance.now() - last.at < LOOK_AT_HELD_EVERY) return false
    const free = (await blockage(world, entry)) === null
    looked.set(entry.id, { at: performance.now(), free })
    return free
  }
}

function toAction(plan: LandingPlan, act: () => Promise<void>): Action {
  // One key for the whole queue: base is one ref.
  return {
    key: plan.action === 'land' ? 'landing' : `landing/${plan.landingId}`,
    what: plan.what,
    why: plan.why,
    act,
  }
}

async function act(world: World, plan: LandingPlan, entry: Landing, options: LandingOptions): Promise<void> {
  const { insist, hurry = world.hurry } = options
  const verify = insist ?? entry.verify ?? options.verify
  if (plan.action === 'land') return await land(world, entry, { verify, hurry })
  if (plan.action === 'recover') return await recover(world, entry)
  await release(world, entry)
}

/** Its faults count on unless base moved: on the same base the same fault would come again. */
async function release(world: World, entry: Landing): Promise<void> {
  const tip = await branchTip({ gitDir: world.repository.commonDir }, entry.base)
  const faults = tip === entry.candidateOn ? entry.faults : 0
  const change = { reason: null, files: [], faults }
  await transact(world.ledger, world.actor, async (tx) => await moveLanding(tx, entry.id, 'release', change))
}

/** A crash in `moving` is decided by the ref: base contains the commit, or it does not. Nothing else was visible yet. */
async function recover(world: World, entry: Landing): Promise<void> {
  await settleBase(world.repository, entry.base)
  const tip = await branchTip({ gitDir: world.repository.commonDir }, entry.base)
  const landed =
    entry.state === 'moving' &&
    entry.candidate !== null &&
    tip !== null &&
    (await contains({ gitDir: world.repository.commonDir }, tip, entry.candidate))
  const done = await transact(world.ledger, world.actor, async (tx) => {
    if (landed) return await recordLanded(tx, entry)
    return await moveLanding(tx, entry.id, entry.state === 'moving' ? 'restart' : 'fault', {
      reason: 'interrupted',
    })
  })
  if (isRefusal(done)) return
}
