import { Engine } from './engine.ts'
import { lanesController } from './lanes/controller.ts'
import type { World } from './world.ts'

/** Brings every lane that nobody attends to where it should be, and answers when nothing is left to do. */
export async function settleLanes(world: World): Promise<void> {
  const engine = new Engine(world, [lanesController(world)])
  await engine.settle(async () => world.hurry.aborted)
  await engine.drain()
  for (const { error } of engine.trouble.values()) throw error
}
