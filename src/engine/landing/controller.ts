import { setTimeout as wait } from 'node:timers/promises'
import { type Landing, MOVABLE_LANDING_STATES } from '../../board/landing.ts'
import { isRefusal } from '../../board/refusal.ts'
import { settleBase } from '../../host/git/move-base.ts'
import { branchTip, contains } from '../../host/git/refs.ts'
import { isLandingPaused } from '../../ledger/landing-pause.ts'
import { landingQueue, moveLanding, recordLanded } from '../../ledger/landings.ts'
import { transact } from '../../ledger/transact.ts'
import { endKilledVerifyRuns } from '../../ledger/verify-runs.ts'
import type { Action, Controller } from '../controller.ts'
import type { World } from '../world.ts'
import { blockage } from './blockage.ts'
import { type LandingPlan, planQueue } from './plan.ts'
import { openQueue, type Queue, type QueueRules } from './queue.ts'

export interface LandingOptions extends QueueRules {
  /** Whether this process has the landing role now. */
  readonly mayLand: () => Promise<boolean>
  /** Whether another living process lands. Without the role, what it has to land is then waited for. */
  readonly landsElsewhere?: () => Promise<boolean>
}

/** Whether a held entry is free costs a look at the user's files; so often at most, in milliseconds. */
const LOOK_AT_HELD_EVERY = 500

/** Whether another process is done landing is asked so often, in milliseconds. */
const LOOK_AT_OTHERS_EVERY = 100

/** Works the landing queue, one stack at a time. */
export function landingController(world: World, options: LandingOptions): Controller {
  let landing = false
  let begun = false
  const queue = openQueue(world, options)
  const isFree = patientLook(world)
  const alone = (act: () => Promise<void>) => async (): Promise<void> => {
    landing = true
    await act().finally(() => {
      landing = false
    })
  }
  return {
    name: 'landing',
    async plan() {
      if (landing) return []
      const entries = await landingQueue(world.ledger.db)
      if (entries.length === 0) return []
      if (!(await options.mayLand())) return await waitForOthers(world, options)
      if (!begun) await transact(world.ledger, world.actor, endKilledVerifyRuns)
      begun = true
      const others = entries.filter(({ id }) => !queue.isOurs(id))
      const sight = await Promise.all(
        others.map(async (entry) => ({ ...entry, free: entry.state === 'held' && (await isFree(entry)) })),
      )
      const paused = options.paused() || (await isLandingPaused(world.ledger.db))
      return planQueue({ entries: sight, suspects: queue.suspects, paused }).map((plan) => {
        const entry = entries.find(({ id }) => id === plan.landingId)
        return toAction(
          plan,
          alone(async () => await act(world, plan, entry, queue)),
        )
      })
    },
  }
}

/** What waits for these landings can start only after them, so a session is not done before. */
async function waitForOthers(world: World, options: LandingOptions): Promise<Action[]> {
  const lands = async (): Promise<boolean> =>
    !options.paused() &&
    !(await isLandingPaused(world.ledger.db)) &&
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
  const key = plan.landingId === null ? 'landing' : `landing/${plan.landingId}`
  return { key, what: plan.what, why: plan.why, act }
}

async function act(
  world: World,
  { action }: LandingPlan,
  entry: Landing | undefined,
  queue: Queue,
): Promise<void> {
  if (action === 'land') return await queue.work()
  if (action === 'withdraw') return await queue.release()
  if (entry === undefined) return
  await (action === 'recover' ? recover(world, entry) : release(world, entry))
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
