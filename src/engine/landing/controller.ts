import type { Landing } from '../../board/landing.ts'
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
  /** Command run on the exact merged commit; null: land unverified, and say so. */
  readonly verify: string | null
  /** Whether this process has the landing role now. */
  readonly mayLand: () => Promise<boolean>
  /** When true, nothing new starts; what is under way is finished. */
  readonly paused: () => boolean
}

/** Whether a held entry is free costs a look at the user's files; so often at most, in milliseconds. */
const LOOK_AT_HELD_EVERY = 500

/** Works the landing queue, one entry at a time. */
export function landingController(world: World, options: LandingOptions): Controller {
  let landing = false
  const isFree = patientLook(world)
  return {
    name: 'landing',
    async plan() {
      if (landing) return []
      const entries = await landingQueue(world.ledger.db)
      if (entries.length === 0 || !(await options.mayLand())) return []
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
          await act(world, plan, entry, options.verify).finally(() => {
            landing = false
          })
        })
      })
    },
  }
}

function patientLook(world: World): (entry: Landing) => Promise<boolean> {
  const looked = new Map<number, { readonly at: number; readonly free: boolean }>()
  return async (entry) => {
    const last = looked.get(entry.id)
    if (last !== undefined && !last.free && Date.now() - last.at < LOOK_AT_HELD_EVERY) return false
    const free = (await blockage(world, entry)) === null
    looked.set(entry.id, { at: Date.now(), free })
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

async function act(world: World, plan: LandingPlan, entry: Landing, verify: string | null): Promise<void> {
  if (plan.action === 'land') return await land(world, entry, verify)
  if (plan.action === 'recover') return await recover(world, entry)
  await transact(
    world.ledger,
    world.actor,
    async (tx) => await moveLanding(tx, entry.id, 'release', { reason: null, files: [], faults: 0 }),
  )
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
