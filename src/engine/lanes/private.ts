import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { PRIVATE_GIT } from '../../host/archive/administration.ts'
import { moveToTrash } from '../../host/files/discard.ts'
import { deleteOwnRefs } from '../../host/git/own-refs.ts'
import { refTargets } from '../../host/git/refs.ts'
import { adminDirectory } from '../../host/git/worktree.ts'
import { uidOfLane } from '../../host/sandbox/detect.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
import { laneRoom, privateGit } from '../sandbox.ts'
import type { World } from '../world.ts'
import { trashDirectories } from './trash.ts'

/** What goes along with the private git directory: what it was given, and how the host stood. */
const RECORD = 'worklane-walls.json'

function packedGit(world: World, lane: OwnedLane): string {
  const { commonDir } = world.repository
  return join(adminDirectory({ commonDir, admin: lane.admin }), PRIVATE_GIT)
}

/** The git that the lane had inside its walls is archived as part of the git directory that it has outside. */
export async function packPrivateGit(world: World, lane: OwnedLane): Promise<void> {
  const from = privateGit(world, lane.id)
  const to = packedGit(world, lane)
  if (existsSync(from) && !existsSync(to)) await rename(from, to)
  const record = join(laneRoom(world, lane.id), 'walls.json')
  if (existsSync(record) && existsSync(to)) await rename(record, join(to, RECORD))
}

/** The way back, for a lane that was filled from an archive. */
export async function unpackPrivateGit(world: World, lane: OwnedLane): Promise<void> {
  const from = packedGit(world, lane)
  if (!existsSync(from)) return
  const to = privateGit(world, lane.id)
  await mkdir(laneRoom(world, lane.id), { recursive: true, mode: 0o700 })
  // Not the first try: what it made is of no run, and the archive has the whole.
  await rm(to, { recursive: true, force: true })
  await rename(from, to)
  if (existsSync(join(to, RECORD)))
    await rename(join(to, RECORD), join(laneRoom(world, lane.id), 'walls.json'))
  const uid = uidOfLane(lane.id)
  if (uid !== null) await execa('chown', ['-R', '-h', `${uid}:${uid}`, to], { cwd: '/' })
}

/** What came out of the lane's walls, in all its runs. */
export async function importedRefs(
  world: World,
  lane: OwnedLane,
): Promise<readonly { readonly ref: string; readonly oid: string }[]> {
  return await refTargets({ gitDir: world.repository.commonDir }, `refs/worklane/${lane.taskId}`)
}

/** The archive names it all now. */
export async function dropImports(world: World, lane: OwnedLane): Promise<void> {
  const refs = await importedRefs(world, lane)
  await deleteOwnRefs(world.repository.commonDir, refs)
}

/** HOME, /tmp and logs of a lane that is archived. Answers where they wait for deletion. */
export async function clearRoom(world: World, lane: OwnedLane): Promise<string[]> {
  const room = laneRoom(world, lane.id)
  if (!existsSync(room)) return []
  return [await moveToTrash(room, trashDirectories(world).admin, async () => true)]
}
