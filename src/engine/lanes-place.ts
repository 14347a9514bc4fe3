import { resolve } from 'node:path'
import type { World } from './world.ts'

/** Where lanes live. */
export function lanesDirectory(world: World): string {
  return resolve(world.repository.root, world.settings.lanes.directory)
}
