import { dropEmptyObjects } from '../host/git/empty-objects.ts'
import { findEngine } from '../ledger/engines.ts'
import type { Action, Controller } from './controller.ts'
import { Engine } from './engine.ts'
import { landingController } from './landing/controller.ts'
import { lanesController } from './lanes/controller.ts'
import { ensureLane } from './lanes/ensure.ts'
import { retentionController } from './lanes/retention.ts'
import { repairAfterPowerCut } from './power-cut.ts'
import { Activity } from './runs/activity.ts'
import { runsController } from './runs/controller.ts'
import { leave, take } from './session.ts'
import type { World } from './world.ts'

/** The engine's own controllers, which here only repair: no attempt is started, nothing new is landed. */
function repairers(world: World, mayLand: () => Promise<boolean>): Controller[] {
  const runs = runsController(world, {
    ensureLane: async (taskId, epoch) => await ensureLane(world, taskId, epoch),
    guard: async () => {
      throw new Error('A repair starts no attempt.')
    },
    command: null,
    verify: null,
    activity: new Activity(),
    slots: () => 0,
    selection: { only: null },
  })
  return [
    lanesController(world),
    runs,
    landingController(world, { verify: null, mayLand, paused: () => true }),
    retentionController(world),
  ]
}

/** What the repair would do now, and the controllers that could not look. */
export async function plannedRepairs(world: World): Promise<{
  readonly planned: readonly Action[]
  readonly blind: readonly { readonly name: string; readonly error: unknown }[]
}> {
  const nobodyLands = async (): Promise<boolean> => {
    const row = await findEngine(world.ledger.db, 'landing')
    return row === undefined || !world.isAlive(row.identity)
  }
  const controllers = repairers(world, nobodyLands)
  const plans = await Promise.allSettled(controllers.map(async (controller) => await controller.plan()))
  return {
    planned: plans.flatMap((plan) => (plan.status === 'fulfilled' ? plan.value : [])),
    blind: plans.flatMap((plan, at) =>
      plan.status === 'rejected'
        ? [{ name: controllers[at]?.name ?? '', error: plan.reason as unknown }]
        : [],
    ),
  }
}

/** What went wrong, by the key of the step; or a living engine does it all by itself, and nothing was done here. */
export type Repaired = ReadonlyMap<string, Error> | 'engine-runs'

/** Brings everything that a crash left to where it should be. */
export async function repair(world: World): Promise<Repaired> {
  if (!(await take(world, 'engine'))) return 'engine-runs'
  try {
    await repairAfterPowerCut(world)
    await dropEmptyObjects(world.repository.commonDir)
    const engine = new Engine(
      world,
      repairers(world, async () => await take(world, 'landing')),
    )
    await engine.settle()
    await engine.drain()
    return new Map([...engine.trouble].map(([key, { error }]) => [key, error]))
  } finally {
    await leave(world)
  }
}
