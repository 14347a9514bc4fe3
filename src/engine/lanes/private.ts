import { existsSync } from 'node:fs'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PRIVATE_GIT } from '../../host/archive/administration.ts'
import { deleteInReach, moveToTrash } from '../../host/files/discard.ts'
import { giveTree } from '../../host/files/give-tree.ts'
import { deleteOwnRefs } from '../../host/git/own-refs.ts'
import { refTargets } from '../../host/git/refs.ts'
import { adminDirectory } from '../../host/git/worktree.ts'
import { uidOfLane } from '../../host/sandbox/detect.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
import { beyondResult } from '../come-out.ts'
import { laneRoom, privateGit } from '../sandbox.ts'
import type { World } from '../world.ts'
import { trashDirectories } from './trash.ts'

/**
 * What goes along with the private git directory: what it was given, and how the host stood; and what the set-up left.
 * Beside it, where the lane cannot put one of its own.
 */
const RECORDS = [
  ['walls.json', '.json'],
  ['set-up.json', '.set-up.json'],
] as const

function packedGit(world: World, lane: OwnedLane): string {
  const { commonDir } = world.repository
  return join(adminDirectory({ commonDir, admin: lane.admin }), PRIVATE_GIT)
}

/** `git.1` and so on: those that the lane had before somebody worked in it outside of its walls. */
async function formerGits(of: string): Promise<string[]> {
  const names = await readdir(dirname(of)).catch(() => [])
  return names.flatMap((name) => {
    const [start, end = ''] = [name.slice(0, basename(of).length), name.slice(basename(of).length)]
    return start === basename(of) && /^\.\d+$/.test(end) ? [end] : []
  })
}

/** The git that the lane had inside its walls is archived as part of the git directory that it has outside. */
export async function packPrivateGit(world: World, lane: OwnedLane): Promise<void> {
  const from = privateGit(world, lane.id)
  const to = packedGit(world, lane)
  for (const end of await formerGits(from))
    if (!existsSync(`${to}${end}`)) await rename(`${from}${end}`, `${to}${end}`)
  if (existsSync(from) && !existsSync(to)) await rename(from, to)
  for (const [name, end] of RECORDS) {
    const record = join(laneRoom(world, lane.id), name)
    if (existsSync(record)) await rename(record, `${to}${end}`)
  }
}

/** The way back, for a lane that was filled from an archive. */
export async function unpackPrivateGit(world: World, lane: OwnedLane): Promise<void> {
  const packed = packedGit(world, lane)
  const to = privateGit(world, lane.id)
  const ends = await formerGits(packed)
  for (const end of existsSync(packed) ? [...ends, ''] : ends) {
    await mkdir(laneRoom(world, lane.id), { recursive: true, mode: 0o700 })
    // Not the first try: what it made is of no run, and the archive has the whole.
    await deleteInReach(`${to}${end}`)
    await rename(`${packed}${end}`, `${to}${end}`)
    const uid = uidOfLane(lane.id)
    // The number is another where the lane has become another one.
    if (uid !== null) await giveTree(`${to}${end}`, uid)
  }
  for (const [name, end] of RECORDS) {
    if (!existsSync(`${packed}${end}`)) continue
    await mkdir(laneRoom(world, lane.id), { recursive: true, mode: 0o700 })
    await rename(`${packed}${end}`, join(laneRoom(world, lane.id), name))
  }
}

/** What came out of the lane's walls, in all its runs. */
export async function importedRefs(
  world: World,
  lane: OwnedLane,
): Promise<readonly { readonly ref: string; readonly oid: string }[]> {
  return await refTargets({ gitDir: world.repository.commonDir }, `refs/worklane/${lane.taskId}`)
}

/** The archive names it all now. What a person did after the task was over keeps the name that they were told. */
export async function dropImports(world: World, lane: OwnedLane): Promise<void> {
  const refs = await importedRefs(world, lane)
  const told = await beyondResult(world, lane, refs)
  await deleteOwnRefs(
    world.repository.commonDir,
    refs.filter((one) => !told.includes(one)),
  )
}

/** HOME, /tmp and logs of a lane that is archived. Answers where they wait for deletion. */
export async function clearRoom(world: World, lane: OwnedLane): Promise<string[]> {
  const room = laneRoom(world, lane.id)
  if (!existsSync(room)) return []
  return [await moveToTrash(room, trashDirectories(world).admin, async () => true)]
}
