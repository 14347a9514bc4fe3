import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isRefusal, type Refusal } from '../../board/refusal.ts'
import { archiveLane } from '../../host/archive/make.ts'
import { MANIFEST_FILE } from '../../host/archive/manifest.ts'
import { readSummary } from '../../host/archive/manifest-file.ts'
import { verifyArchive } from '../../host/archive/verify.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { Fault } from '../../host/fault.ts'
import { changedAfter } from '../../host/files/changed-after.ts'
import { deleteInBackground, moveToTrash } from '../../host/files/discard.ts'
import { checkoutsOf } from '../../host/git/checkouts.ts'
import { deleteBranch, refsUnder } from '../../host/git/refs.ts'
import { adminDirectory, adminPointsHere, checkInode, type Worktree } from '../../host/git/worktree.ts'
import { wallsMissing } from '../../host/sandbox/detect.ts'
import type { Walls } from '../../host/sandbox/walls.ts'
import { archivePlaces, handedInAt } from '../../ledger/archives.ts'
import {
  addArchive,
  archiveOf,
  findLane,
  moveLane,
  type OwnedLane,
  recordArchive,
  type StoredArchive,
  setLane,
  takeLane,
} from '../../ledger/lanes.ts'
import { transact } from '../../ledger/transact.ts'
import { comeOutOfKilled } from '../come-out.ts'
import { readingWalls } from '../sandbox.ts'
import { killedShells, refuseWhileOpen } from '../visits.ts'
import type { World } from '../world.ts'
import { attend, isAttended, letGo } from './attended.ts'
import { worktreeOf } from './make.ts'
import { WHY_IT_STANDS } from './plan.ts'
import { clearRoom, dropImports, importedRefs, packPrivateGit } from './private.ts'
import { rebuildIfGone } from './rebuild.ts'
import { putBack, setAside } from './set-aside.ts'
import { trashDirectories } from './trash.ts'

/**
 * condemned → archived → removed. The lane is out of the way at once, then archived, and its directory is deleted in
 * the background. Callable again at any point; somebody else's work on the same lane is waited for by the caller, and
 * so is a person in it.
 */
export async function removeLane(world: World, condemned: OwnedLane): Promise<OwnedLane | Refusal> {
  // Once it is condemned nobody comes in any more, so it stays empty.
  const open = condemned.state === 'condemned' ? await refuseWhileOpen(world, condemned) : null
  if (open !== null) return open
  if (!(await take(world, condemned))) return (await findLane(world.ledger.db, condemned.id)) ?? condemned
  crashPoint('lane.condemned')
  try {
    const archived = condemned.state === 'condemned' ? await archive(world, condemned) : condemned
    return isRefusal(archived) ? archived : await clearAway(world, archived)
  } catch (error) {
    await noteWhyItStands(world, condemned, error)
    await releaseLane(world, condemned)
    throw error
  }
}

/** What only a person can put in order is said wherever the lane is shown. */
async function noteWhyItStands(world: World, lane: OwnedLane, error: unknown): Promise<void> {
  if (!(error instanceof Fault) || error.retry !== 'never') return
  const others = lane.warnings.filter((warning) => !warning.startsWith(WHY_IT_STANDS))
  const warnings = JSON.stringify([...others, `${WHY_IT_STANDS}${error.message} ${error.hint}`.trim()])
  await transact(world.ledger, world.actor, async (tx) => await setLane(tx, lane.id, { warnings }))
}

/** The first step of removing alone, a matter of milliseconds. The running engine sees the rest through. */
export async function moveOutOfTheWay(world: World, condemned: OwnedLane): Promise<OwnedLane> {
  if (condemned.state === 'condemned' && (await take(world, condemned))) {
    try {
      if (condemned.trash === null) await comeOutOfKilled(world, condemned)
      await setAside(world, await rebuildIfGone(world, condemned))
    } finally {
      await releaseLane(world, condemned)
    }
  }
  return (await findLane(world.ledger.db, condemned.id)) ?? condemned
}

/** Takes the right to work on the lane's directory. False: another process has it. */
export async function take(world: World, lane: OwnedLane): Promise<boolean> {
  if (isAttended(world, lane)) return false
  const mine = await transact(world.ledger, world.actor, async (tx) => await takeLane(tx, lane, world.self))
  if (mine !== true) return false
  attend(lane.id)
  return true
}

/** After a fault: somebody, maybe we, will try again. */
export async function releaseLane(world: World, lane: OwnedLane): Promise<void> {
  await letGo(
    lane.id,
    async () =>
      await transact(world.ledger, world.actor, async (tx) => await setLane(tx, lane.id, { owner: null })),
  )
}

async function archive(world: World, condemned: OwnedLane): Promise<OwnedLane | Refusal> {
  // Nobody is in it any more. Once it is set aside, its git goes with it.
  if (condemned.trash === null) await comeOutOfKilled(world, condemned)
  const lane = await setAside(world, await rebuildIfGone(world, condemned))
  await packPrivateGit(world, lane)
  try {
    const stored = await store(world, lane)
    crashPoint('archive.verified')
    return await transact(world.ledger, world.actor, async (tx) => await recordArchive(tx, lane, stored))
  } catch (error) {
    await putBack(world, lane)
    throw error
  }
}

/** Writes the archive and checks it. The same attempt after a crash uses the same names again. */
async function store(world: World, lane: OwnedLane): Promise<StoredArchive> {
  const worktree = worktreeOf(world, lane)
  const { commonDir } = worktree
  const name = await archiveName(world, lane)
  const directory = join(world.repository.home, 'archive', name)
  const refPrefix = `refs/worklane/archive/${name}`
  await mkdir(join(world.repository.home, 'archive'), { recursive: true, mode: 0o700 })
  const place = { commonDir, directory, refPrefix }
  const { bytes, files } = await archiveLane({
    ...place,
    adminDir: adminDirectory(worktree),
    path: lane.trash ?? lane.path,
    formerPath: lane.path,
    branch: lane.branch,
    walls: async () => await wallsToAsk(world, lane),
    signal: world.hurry,
    keepIgnored: [...world.settings.lanes.copy, ...world.settings.archive.ignored],
    keep: await importedRefs(world, lane),
    handedInAt: await handedInAt(world.ledger.db, lane),
    untaken: (await killedShells(world, lane.id)).length > 0,
    protect: [lane.startPoint],
  })
  const [problem] = await verifyArchive(place)
  if (problem === undefined) return { directory, refPrefix, bytes, files }
  throw new Fault(`The archive of task ${lane.taskId}'s lane does not verify: ${problem.message}`, {
    retry: 'later',
    hint: 'Nothing was removed. See: worklane doctor',
  })
}

/** Null too where none can be put up: this git runs nothing of the lane, and is not waited for long. */
async function wallsToAsk(world: World, lane: OwnedLane): Promise<Walls | null> {
  if (world.sandbox === 'none' || (await wallsMissing()) !== null) return null
  return await readingWalls(world, { ...lane, path: lane.trash ?? lane.path }, world.repository.commonDir)
}

/**
 * The next name that is free. One with refs and no directory is of a Worklane that was taken out of this repository,
 * and counted from one as we do; one with a directory that no row names is a try of ours that a crash ended.
 */
async function archiveName(world: World, lane: OwnedLane): Promise<string> {
  const recorded = new Set(
    (await archivePlaces(world.ledger.db, lane.taskId)).map(({ directory }) => directory),
  )
  for (let n = 0; ; n += 1) {
    const name = `${lane.taskId}-${lane.id}-${n}`
    const directory = join(world.repository.home, 'archive', name)
    if (recorded.has(directory)) continue
    const refs = await refsUnder({ gitDir: world.repository.commonDir }, [`refs/worklane/archive/${name}`])
    if (refs.length === 0 || existsSync(directory)) return name
  }
}

/** Everything is in the archive: git's entry and the branch go, then it is said, then the files are deleted. */
async function clearAway(world: World, lane: OwnedLane): Promise<OwnedLane | Refusal> {
  const worktree = worktreeOf(world, lane)
  crashPoint('archive.recorded')
  await keepLateWork(world, lane)
  const gone: string[] = []
  if (lane.trash !== null && (await checkInode(lane.trash, lane.inode)) === 'ours') gone.push(lane.trash)
  if (await adminPointsHere(worktree)) gone.push(await unregister(world, worktree))
  gone.push(...(await clearRoom(world, lane)))
  crashPoint('lane.unregistered')
  await freeBranch(world, lane)
  await dropImports(world, lane)
  crashPoint('lane.unbranched')
  const removed = await transact(world.ledger, world.actor, async (tx) => {
    const change = { owner: null, port: null, trash: null }
    const { branch, path } = lane
    return await moveLane(tx, lane, 'remove', change, { type: 'lane.removed', data: { branch, path } })
  })
  crashPoint('lane.removed')
  deleteInBackground(gone)
  return removed
}

/** Takes git's own directory for the lane away. Answers where it is now. */
async function unregister(world: World, worktree: Worktree): Promise<string> {
  const isRight = async (moved: string): Promise<boolean> => await adminPointsHere(worktree, moved)
  return await moveToTrash(adminDirectory(worktree), trashDirectories(world).admin, isRight)
}

/**
 * A process that stands in the lane writes on after the rename. What it wrote since the archive was made is archived
 * too; one that never pauses keeps its directory until it ends.
 */
async function keepLateWork(world: World, lane: OwnedLane): Promise<void> {
  for (let time = 1; time <= 3; time += 1) {
    const archive = await archiveOf(world.ledger.db, lane.id)
    if (lane.trash === null || archive === undefined) return
    if (!(await changedAfter(lane.trash, join(archive.directory, MANIFEST_FILE)))) return
    const again = await store(world, lane)
    await transact(world.ledger, world.actor, async (tx) => await addArchive(tx, lane, again))
  }
  throw new Fault(`Something still writes into the removed lane of task ${lane.taskId}.`, {
    retry: 'later',
    hint: `Its directory is ${lane.trash}; it goes when the writing stops.`,
  })
}

/** Deletes the lane's branch while it is where the archive has it, and nobody has checked it out elsewhere. */
async function freeBranch(world: World, lane: OwnedLane): Promise<void> {
  const archive = await archiveOf(world.ledger.db, lane.id)
  const tip = archive === undefined ? null : (await readSummary(archive.directory)).lane.branchTip
  if (tip === null) return
  const { here, missing } = await checkoutsOf(world.repository, lane.branch)
  if (here.length + missing.length === 0)
    await deleteBranch({ gitDir: world.repository.commonDir }, lane.branch, tip)
}
