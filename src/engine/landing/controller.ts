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

/** Works the landing queue, one entry at a time. */
export function landingController(world: World, options: LandingOptions): Controller {
  let landing = false
  return {
    name: 'landing',
    async plan() {
      if (landing) return []
      const entries = await landingQueue(world.ledger.db)
      if (entries.length === 0 || !(await options.mayLand())) return []
      const sight = await Promise.all(
        entries.map(async (entry) => ({
          ...entry,
          free: entry.state === 'held' && (await blockage(world, entry)) === null,
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
