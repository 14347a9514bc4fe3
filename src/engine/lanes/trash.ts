import { lstat, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { deleteNow, listTrash } from '../../host/files/discard.ts'
import { standingLanes } from '../../ledger/lanes.ts'
import { lanesDirectory } from '../lanes-place.ts'
import type { World } from '../world.ts'

/** Where removed directories wait for deletion: each on the file system of what it takes. */
export function trashDirectories(world: World): { readonly lanes: string; readonly admin: string } {
  return { lanes: join(lanesDirectory(world), '.trash'), admin: join(world.repository.home, 'trash') }
}

/** A deletion that began less than so many milliseconds ago is at work still. */
const DELETING_TAKES = 60_000

/**
 * What lies in the trash and belongs to no lane any more. The directories are read before the ledger: a lane's place
 * in the trash is written down before it is moved there, so what is seen here and named nowhere is done with.
 */
export async function leftInTrash(world: World): Promise<string[]> {
  const found = await Promise.all(
    Object.values(trashDirectories(world)).map(async (trash) => await oldIn(world, trash)),
  )
  const all = found.flat()
  if (all.length === 0) return []
  const named = new Set((await standingLanes(world.ledger.db)).map(({ trash }) => trash))
  return all.filter((path) => !named.has(path))
}

/** A rename changes the ctime of what it moves. */
async function oldIn(world: World, trash: string): Promise<string[]> {
  const paths = await listTrash(trash)
  const since = await Promise.all(
    paths.map(async (path) => (await lstat(path).catch(() => null))?.ctimeMs ?? Infinity),
  )
  return paths.filter((_, at) => (since[at] ?? Infinity) < world.actor.now() - DELETING_TAKES)
}

/** Deletes all that lies in the trash, and the trash itself where nothing of others is in it. */
export async function emptyTrash(world: World): Promise<void> {
  for (const trash of Object.values(trashDirectories(world))) {
    await deleteNow(await listTrash(trash))
    await rmdir(trash).catch(() => undefined)
  }
}
