import { asFault } from '../host/fault.ts'
import { findEngine, leaveRole, type Role, takeRole } from '../ledger/engines.ts'
import { transact } from '../ledger/transact.ts'
import { refuseLowDisk } from './disk.ts'
import { diskController } from './disk-controller.ts'
import { Engine } from './engine.ts'
import { sharedStateController } from './health/shared-watch.ts'
import { landingController } from './landing/controller.ts'
import { pushController } from './landing/push.ts'
import { retryFaulty } from './landing/retry.ts'
import type { LaneDoor } from './lane-door.ts'
import { lanesController } from './lanes/controller.ts'
import { ensureLane } from './lanes/ensure.ts'
import { refreshController } from './lanes/refresh-controller.ts'
import { retentionController } from './lanes/retention.ts'
import { checkLedger, ledgerController } from './ledger-care.ts'
import { openLimits } from './limits/limits.ts'
import { repairAfterPowerCut } from './power-cut.ts'
import { radarController } from './radar/controller.ts'
import { Activity } from './runs/activity.ts'
import { runsController } from './runs/controller.ts'
import type { World } from './world.ts'

export interface SessionOptions {
  readonly command: string | null
  readonly verify: string | null
  /** How many agents at once. */
  readonly parallel: number
  /** Limits which tasks may be started; null: all. Asked at each look. */
  readonly selection: { readonly only: ReadonlySet<number> | null }
  /** Answers what agents ask for their own task; without it they have no socket. */
  readonly door?: LaneDoor | undefined
  /** Leave completed tasks in the queue. */
  readonly land: boolean
  /** Aborted: verify and set-up commands of landings end at once. Default: the world's. */
  readonly hurry?: AbortSignal | undefined
}

/** The engine of one process: lanes, runs and landing, with the roles that allow it. */
export interface Session {
  readonly engine: Engine
  readonly activity: Activity
  /** Tasks that agents of this process work on. */
  readonly begun: ReadonlySet<number>
  readonly stopping: boolean
  /** No new attempts and landings; agents are asked to end, `now` without the usual grace. */
  stop(now: boolean): void
  /** Whether another process asked the engine to stop. */
  stopRequested(): Promise<boolean>
  close(): Promise<void>
}

/** Null: another live process is the engine of this repository. */
export async function openSession(unguarded: World, options: SessionOptions): Promise<Session | null> {
  const former = await findEngine(unguarded.ledger.db, 'engine')
  if (!(await take(unguarded, 'engine'))) return null
  const uncleanEnd = former !== undefined && former.identity !== unguarded.self
  await checkLedger(unguarded, { uncleanEnd }).catch(async (error: unknown) => {
    await leave(unguarded).catch(() => undefined)
    throw error
  })
  await repairAfterPowerCut(unguarded)
  if (options.land) await retryFaulty(unguarded, { only: null, verify: options.verify })
  const limits = await openLimits(unguarded, options.parallel)
  const stopped = new AbortController()
  const stop = AbortSignal.any([unguarded.stop, stopped.signal])
  const world = { ...unguarded, guard: limits.guard, gitGroup: limits.gitGroup, stop }
  const activity = new Activity()
  let stopping = false
  const ensure = async (taskId: number, epoch: number) => await ensureLane(world, taskId, epoch)
  const slots = (): number =>
    stopping || refuseLowDisk(world) !== null ? 0 : limits.slots(runs.begun.size, options.parallel)
  const runs = runsController(world, { ...options, ensureLane: ensure, guard: limits.guard, activity, slots })
  const landing = landingController(world, {
    verify: options.verify,
    mayLand: async () => options.land && (await take(world, 'landing')),
    paused: () => stopping,
    landsElsewhere: async () => options.land && (await isTaken(world, 'landing')),
    hurry: options.hurry,
  })
  const radar = radarController(world, { paused: () => stopping })
  return {
    engine: new Engine(world, [
      lanesController(world),
      runs,
      landing,
      refreshController(world, { paused: () => stopping }),
      pushController(world, { mayPush: () => options.land && !stopping }),
      retentionController(world),
      ledgerController(world),
      sharedStateController(world),
      radar,
      diskController(world, { paused: () => stopping, selection: options.selection }),
    ]),
    activity,
    begun: runs.begun,
    get stopping() {
      return stopping
    },
    stop(now) {
      stopping = true
      stopped.abort()
      runs.stopAll(now)
    },
    stopRequested: async () => (await findEngine(world.ledger.db, 'engine'))?.stopRequestedAt != null,
    // On a full disk the role stays written down; it is free all the same once this process is gone.
    close: async () => {
      radar[Symbol.dispose]()
      await limits.close()
      await leave(world).catch((error: unknown) => {
        if (asFault(error)?.retry !== 'later') throw error
      })
    },
  }
}

/** Whether another living process has the role. */
async function isTaken(world: World, role: Role): Promise<boolean> {
  const current = await findEngine(world.ledger.db, role)
  return current !== undefined && current.identity !== world.self && world.isAlive(current.identity)
}

/** True when this process has the role now. */
export async function take(world: World, role: Role): Promise<boolean> {
  const current = await findEngine(world.ledger.db, role)
  if (current?.identity === world.self) return true
  if (current !== undefined && world.isAlive(current.identity)) return false
  return (
    (await transact(
      world.ledger,
      world.actor,
      async (tx) => await takeRole(tx, role, world.self, world.isAlive),
    )) === true
  )
}

export async function leave(world: World): Promise<void> {
  await transact(world.ledger, world.actor, async (tx) => {
    await leaveRole(tx, 'engine', world.self)
    await leaveRole(tx, 'landing', world.self)
  })
}
