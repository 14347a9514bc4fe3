import { findEngine } from '../ledger/engines.ts'
import type { Action, Controller } from './controller.ts'
import { Engine } from './engine.ts'
import { landingController } from './landing/controller.ts'
import { lanesController } from './lanes/controller.ts'
import { ensureLane } from './lanes/ensure.ts'
import { Activity } from './runs/activity.ts'
import { runsController } from './runs/controller.ts'
import { leave, take } from './session.ts'
import type { World } from './world.ts'

/** The engine's own controllers, which here only repair: no attempt is started, nothing new is landed. */
function repairers(world: World, mayLand: () => Promise<boolean>): Controller[] {
  const runs = runsController(world, {
    ensureLane: async (taskId, epoch) => await ensureLane(world, taskId, epoch),
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
  ]
}

/** What the repair would do now. */
export async function plannedRepairs(world: World): Promise<Action[]> {
  const nobodyLands = async (): Promise<boolean> => {
    const row = await findEngine(world.ledger.db, 'landing')
    return row === undefined || !world.isAlive(row.identity)
  }
  const controllers = repairers(world, nobodyLands)
  return (await Promise.all(controllers.map(async (controller) => await controller.plan()))).flat()
}

/** Brings everything that a crash left to where it should be. A living engine does this by itself: then nothing. */
export async function repair(world: World): Promise<void> {
  if (!(await take(world, 'engine'))) return
  try {
    const engine = new Engine(
      world,
      repairers(world, async () => await take(world, 'landing')),
    )
    await engine.settle()
    await engine.drain()
  } finally {
    await leave(world)
  }
}
