import { existsSync } from 'node:fs'
import { lstat, readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isRefusal, type Refusal } from '../../board/refusal.ts'
import { conversionSettings, rememberFill } from '../../host/archive/pristine.ts'
import { restoreArchive } from '../../host/archive/restore.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { asFault, Fault } from '../../host/fault.ts'
import { deleteInBackground, deleteInReach, moveToTrash } from '../../host/files/discard.ts'
import { seedIgnored } from '../../host/files/seed.ts'
import { uncommittedPaths } from '../../host/git/lane-state.ts'
import { branchTip, createBranch, deleteBranch } from '../../host/git/refs.ts'
import { submodulesOf } from '../../host/git/submodules.ts'
import {
  adminDirectory,
  adminPointsHere,
  checkInode,
  fillWorktree,
  placeOf,
  registerWorktree,
  unlockWorktree,
  type Worktree,
} from '../../host/git/worktree.ts'
import { archivePlaces } from '../../ledger/archives.ts'
import { findArchive, findLane, moveLane, type OwnedLane, setLane } from '../../ledger/lanes.ts'
import { transact } from '../../ledger/transact.ts'
import { fillInside, layInside } from '../fill-inside.ts'
import type { Inside } from '../hand-over.ts'
import { sayHooksLeftOut } from '../hooks-left-out.ts'
import { giveAway } from '../lane-owner.ts'
import { mainCheckout } from '../main-checkout.ts'
import { hideLanes } from '../repository.ts'
import { hasWalls, laneRoom } from '../sandbox.ts'
import type { World } from '../world.ts'
import { unpackPrivateGit } from './private.ts'
import { setUp } from './set-up.ts'
import { trashDirectories } from './trash.ts'

export function worktreeOf(world: World, lane: OwnedLane): Worktree {
  const { admin, path, branch } = lane
  return { commonDir: world.repository.commonDir, admin, path, branch }
}

/**
 * creating → ready. Whatever a crash left of the same lane is deleted first, so this can be called again at any
 * point; `fresh`: its row was written just now, so nothing of it exists. The caller owns the lane.
 */
export async function makeLane(
  world: World,
  lane: OwnedLane,
  { fresh = false }: { readonly fresh?: boolean } = {},
): Promise<OwnedLane | Refusal> {
  const worktree = worktreeOf(world, lane)
  await hideLanes(world)
  if (!fresh) await clearHalfMade(world, lane)
  const inode = await registerWorktree(worktree)
  await transact(world.ledger, world.actor, async (tx) => await setLane(tx, lane.id, inode))
  crashPoint('lane.known')
  const warnings = lane.fillFrom === null ? await fill(world, lane) : await refill(world, lane, lane.fillFrom)
  await unlockWorktree(worktree)
  crashPoint('lane.unlocked')
  return await transact(world.ledger, world.actor, async (tx) => {
    const change = { owner: null, holder: 'host', warnings: JSON.stringify(warnings) }
    const { branch, path } = lane
    return await moveLane(tx, lane, 'fill', change, {
      type: 'lane.created',
      data: { branch, path, warnings },
    })
  })
}

async function fill(world: World, lane: OwnedLane): Promise<string[]> {
  const worktree = worktreeOf(world, lane)
  const adminDir = adminDirectory(worktree)
  const walled = await hasWalls(world)
  // Git waits for it that fills the lane, which takes longest: everything else is done meanwhile.
  const inside = walled ? await layInside(world, lane) : null
  const works = [
    checkOut(world, lane, inside),
    leftInMain(world),
    formerWork(world, lane),
    conversionSettings(adminDir),
    sayHooksLeftOut(world),
  ] as const
  // All of them, also when one fails: what still runs would write into what is then cleared away.
  await Promise.allSettled(works)
  const [, left, former, settings, hooks] = await Promise.all(works)
  await rememberFill({ adminDir, settings })
  crashPoint('lane.filled')
  const warnings = await seed(world, worktree)
  if (walled && hasSeeds(world)) await giveAway(lane)
  crashPoint('lane.seeded')
  await setUp(world, lane)
  const hookless = hooks === null ? [] : [hooks]
  return [...left, ...former, ...warnings, ...hookless, ...(await emptySubmodules(world, lane))]
}

/**
 * The files of the start point, on a new branch. With walls git writes them inside: as the lane's own user, and so that
 * a filter of the project runs there too.
 */
async function checkOut(world: World, lane: OwnedLane, inside: Inside | null): Promise<void> {
  const worktree = worktreeOf(world, lane)
  const fill =
    inside === null ? fillWorktree(placeOf(worktree), lane.startPoint) : fillInside(world, lane, inside)
  const works = [fill, startBranch(worktree, lane.startPoint)]
  await Promise.allSettled(works)
  await Promise.all(works)
}

async function startBranch({ commonDir, branch }: Worktree, startPoint: string): Promise<void> {
  if (await createBranch({ gitDir: commonDir }, branch, startPoint)) return
  throw new Fault(`The branch ${branch} could not be created.`, {
    retry: 'later',
    hint: `See what stands in its way with: git branch --list '${branch}*'`,
  })
}

/** Brings the content of an archive back: a restored lane, or one that is continued in a fresh directory. */
async function refill(world: World, lane: OwnedLane, archiveId: number): Promise<string[]> {
  const worktree = worktreeOf(world, lane)
  const archive = await findArchive(world.ledger.db, archiveId)
  if (archive === undefined) throw new Fault(`Archive ${archiveId} is gone.`, { retry: 'never' })
  const { commonDir, path } = worktree
  const { problems, notes } = await restoreArchive({
    commonDir,
    adminDir: adminDirectory(worktree),
    path,
    directory: archive.directory,
  })
  if (problems.length > 0)
    throw new Fault(`The archive of task ${lane.taskId} did not come back whole: ${problems.join('; ')}`, {
      retry: 'never',
      hint: `It is untouched in ${archive.directory}`,
    })
  await unpackPrivateGit(world, lane)
  crashPoint('lane.refilled')
  const warnings = await seed(world, worktree)
  if (await hasWalls(world)) await giveAway(lane)
  await setUp(world, lane)
  return [...notes, ...warnings]
}

/** A lane starts from what is committed; people expect their changes in it, so it is said. */
async function leftInMain(world: World): Promise<string[]> {
  const left = await uncommittedPaths(mainCheckout(world)).catch((error: unknown) => {
    if (asFault(error)?.code === 'too-much') return ['more than can be named']
    throw error
  })
  if (left.length === 0) return []
  const names = `${left.slice(0, 3).join(', ')}${left.length > 3 ? ` and ${left.length - 3} more` : ''}`
  return [`Not in this lane, because it is not committed in the main checkout: ${names}`]
}

/** Somebody removed an earlier lane of this task; what it held is not in this one. */
async function formerWork(world: World, lane: OwnedLane): Promise<string[]> {
  const archives = await archivePlaces(world.ledger.db, lane.taskId)
  const newest = archives.findLast(({ purgedAt }) => purgedAt === null)
  return newest === undefined
    ? []
    : [`Not in this lane: the work of an earlier lane of this task, see worklane archive show ${newest.id}`]
}

/** Git leaves the directories of submodules empty in a new worktree. */
async function emptySubmodules({ repository }: World, { path, startPoint }: OwnedLane): Promise<string[]> {
  if (!existsSync(join(path, '.gitmodules'))) return []
  const submodules = await submodulesOf(repository, startPoint)
  const empty = submodules.map((one) => one.path).filter((name) => !existsSync(join(path, name, '.git')))
  if (empty.length === 0) return []
  const names = `${empty.slice(0, 3).join(', ')}${empty.length > 3 ? ` and ${empty.length - 3} more` : ''}`
  return [
    `Not checked out in this lane, because submodules are not by themselves: ${names}. In worklane.yaml: lanes: { setup: git submodule update --init }`,
  ]
}

/** Whether a lane gets ignored files of the main checkout. */
function hasSeeds({ settings, repository }: World): boolean {
  const { copy, link } = settings.lanes
  return copy.length + link.length > 0 || existsSync(join(repository.root, '.worktreeinclude'))
}

async function seed(world: World, worktree: Worktree): Promise<string[]> {
  const { copy, link } = world.settings.lanes
  const from = mainCheckout(world)
  return await seedIgnored({ from, to: { ...placeOf(worktree), workTree: worktree.path }, copy, link })
}

/**
 * Removes what an interrupted attempt left: directory, metadata, and a branch that is still at the start point.
 * Nobody has worked in a lane that never became ready, so nothing needs to be archived.
 */
async function clearHalfMade(world: World, lane: OwnedLane): Promise<void> {
  const worktree = worktreeOf(world, lane)
  const admin = adminDirectory(worktree)
  const ours = (await adminPointsHere(worktree)) && lane.path !== ''
  await clearDirectory(world, lane)
  for (const name of ['git', 'walls.json', 'set-up.json'])
    await deleteInReach(join(laneRoom(world, lane.id), name))
  if (ours) {
    const isRight = async (moved: string): Promise<boolean> => await adminPointsHere(worktree, moved)
    deleteInBackground([await moveToTrash(admin, trashDirectories(world).admin, isRight)])
  }
  const place = { gitDir: worktree.commonDir }
  if (lane.fillFrom === null) {
    await rm(join(worktree.commonDir, 'refs', 'heads', `${lane.branch}.lock`), { force: true })
    if ((await branchTip(place, lane.branch)) === lane.startPoint)
      await deleteBranch(place, lane.branch, lane.startPoint)
  }
}

async function clearDirectory(world: World, lane: OwnedLane): Promise<void> {
  const is = await checkInode(lane.path, lane.inode)
  if (is === 'missing') return
  if (is === 'ours') {
    const isRight = async (moved: string): Promise<boolean> =>
      (await checkInode(moved, lane.inode)) === 'ours'
    return deleteInBackground([await moveToTrash(lane.path, trashDirectories(world).lanes, isRight)])
  }
  // Made, but the crash came before its inode was written down: then it holds at most our `.git` file.
  const isDirectory = (await lstat(lane.path)).isDirectory()
  const names = isDirectory ? await readdir(lane.path).catch(() => ['?']) : ['?']
  if (lane.inode !== null || names.some((name) => name !== '.git'))
    throw new Fault(`${lane.path} is not the directory that Worklane made.`, {
      retry: 'never',
      hint: 'Move it away; Worklane does not touch it.',
    })
  await rm(join(lane.path, '.git'), { force: true })
  await rmdir(lane.path)
}

/** creating → removed: it could not be made, and nothing of it is left. */
export async function giveUpLane(world: World, lane: OwnedLane, reason: string): Promise<void> {
  // As the ledger has it now: its inode was written down since, and without that it would not be known for ours.
  const known = (await findLane(world.ledger.db, lane.id)) ?? lane
  await clearHalfMade(world, known).catch(() => undefined)
  const gone = await transact(
    world.ledger,
    world.actor,
    async (tx) =>
      await moveLane(
        tx,
        lane,
        'give_up',
        { owner: null, port: null },
        { type: 'lane.removed', data: { reason } },
      ),
  )
  if (isRefusal(gone)) return
}
