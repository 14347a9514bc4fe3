import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isRefusal, type Refusal } from '../../board/refusal.ts'
import { archiveLane } from '../../host/archive/make.ts'
import { readManifest } from '../../host/archive/manifest.ts'
import { verifyArchive } from '../../host/archive/verify.ts'
import { Fault } from '../../host/fault.ts'
import { deleteInBackground, moveToTrash } from '../../host/files/discard.ts'
import { deleteBranch } from '../../host/git/refs.ts'
import { adminDirectory, adminPointsHere, checkInode } from '../../host/git/worktree.ts'
import {
  archiveOf,
  findLane,
  liveLane,
  moveLane,
  type OwnedLane,
  recordArchive,
  setLane,
  takeLane,
} from '../../ledger/lanes.ts'
import { transact } from '../../ledger/transact.ts'
import type { World } from '../world.ts'
import { worktreeOf } from './make.ts'
import { rebuildIfGone } from './rebuild.ts'
import { trashDirectories } from './trash.ts'

/**
 * condemned → archived → removed. Answers once the lane is out of the way; its directory is deleted in the
 * background. Callable again at any point; somebody else's work on the same lane is waited for by the caller.
 */
export async function removeLane(world: World, condemned: OwnedLane): Promise<OwnedLane | Refusal> {
  const attended = condemned.owner !== null && world.isAlive(condemned.owner)
  const mine =
    !attended &&
    (await transact(world.ledger, world.actor, async (tx) => await takeLane(tx, condemned, world.self)))
  if (mine !== true) return (await findLane(world.ledger.db, condemned.id)) ?? condemned
  try {
    const archived =
      condemned.state === 'condemned'
        ? await archive(world, await rebuildIfGone(world, condemned))
        : condemned
    return isRefusal(archived) ? archived : await clearAway(world, archived)
  } catch (error) {
    await releaseLane(world, condemned)
    throw error
  }
}

/** After a fault: somebody, maybe we, will try again. */
export async function releaseLane(world: World, lane: OwnedLane): Promise<void> {
  await transact(world.ledger, world.actor, async (tx) => await setLane(tx, lane.id, { owner: null }))
}

async function archive(world: World, lane: OwnedLane): Promise<OwnedLane | Refusal> {
  const worktree = worktreeOf(world, lane)
  const { commonDir } = worktree
  const stamp = `${lane.taskId}-${lane.id}-${world.actor.now().toString(36)}`
  const directory = join(world.repository.home, 'archive', stamp)
  const refPrefix = `refs/worklane/archive/${stamp}`
  await mkdir(join(world.repository.home, 'archive'), { recursive: true, mode: 0o700 })
  const { path, branch } = lane
  const place = { commonDir, directory, refPrefix }
  const made = await archiveLane({
    ...place,
    adminDir: adminDirectory(worktree),
    path,
    branch,
    keepIgnored: [...world.settings.lanes.copy, ...world.settings.archive.ignored],
    protect: [lane.startPoint],
  })
  const problems = await verifyArchive(place)
  if (problems.length > 0)
    throw new Fault(
      `The archive of task ${lane.taskId}'s lane does not verify: ${JSON.stringify(problems[0])}`,
      { retry: 'later', hint: 'Nothing was removed. See: worklane doctor' },
    )
  const row = { directory, refPrefix, bytes: made.bytes, files: made.files }
  return await transact(world.ledger, world.actor, async (tx) => await recordArchive(tx, lane, row))
}

/** Everything is in the archive: rename directory and metadata away, free the branch, say so. */
async function clearAway(world: World, lane: OwnedLane): Promise<OwnedLane | Refusal> {
  const worktree = worktreeOf(world, lane)
  const { commonDir } = worktree
  const trash = trashDirectories(world)
  const gone: string[] = []
  if ((await checkInode(lane.path, lane.inode)) === 'ours')
    gone.push(await moveToTrash(lane.path, trash.lanes))
  if (await adminPointsHere(worktree)) gone.push(await moveToTrash(adminDirectory(worktree), trash.admin))
  const removed = await transact(world.ledger, world.actor, async (tx) => {
    const { branch, path } = lane
    return await moveLane(
      tx,
      lane,
      'remove',
      { owner: null, port: null },
      { type: 'lane.removed', data: { branch, path } },
    )
  })
  await freeBranch(world, lane, commonDir)
  deleteInBackground(gone)
  return removed
}

/** Deletes the lane's branch while it is where the archive has it, unless the task goes on with it in another lane. */
async function freeBranch(world: World, lane: OwnedLane, commonDir: string): Promise<void> {
  if ((await liveLane(world.ledger.db, lane.taskId))?.branch === lane.branch) return
  const archive = await archiveOf(world.ledger.db, lane.id)
  const tip = archive === undefined ? null : (await readManifest(archive.directory)).lane.branchTip
  if (tip !== null) await deleteBranch({ gitDir: commonDir }, lane.branch, tip)
}
