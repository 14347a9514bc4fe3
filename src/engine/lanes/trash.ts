import { join } from 'node:path'
import type { World } from '../world.ts'
import { lanesDirectory } from './reserve.ts'

/** Where removed directories wait for deletion: each on the file system of what it takes. */
export function trashDirectories(world: World): { readonly lanes: string; readonly admin: string } {
  return { lanes: join(lanesDirectory(world), '.trash'), admin: join(world.repository.home, 'trash') }
}
