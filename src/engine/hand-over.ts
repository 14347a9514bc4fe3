import { existsSync } from 'node:fs'
import { type FileHandle, lstat, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crashPoint } from '../host/crash-point.ts'
import { asFault } from '../host/fault.ts'
import { giveTree } from '../host/files/give-tree.ts'
import { collect, IMPORT_REFUSED, tooLargeFile } from '../host/git/collect.ts'
import { removeLocksInside } from '../host/git/dead-locks.ts'
import { type GitPlace, git } from '../host/git/git.ts'
import { type HostState, handBack, hostState, stagedIn } from '../host/git/hand-back.ts'
import { importCollected } from '../host/git/import.ts'
import { refreshIndex } from '../host/git/lane-state.ts'
import { makePrivate } from '../host/git/private.ts'
import { branchTip } from '../host/git/refs.ts'
import { adminDirectory } from '../host/git/worktree.ts'
import { uidOfLane } from '../host/sandbox/detect.ts'
import type { Walls } from '../host/sandbox/walls.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { giveAway } from './lane-owner.ts'
import { lastMoments } from './last-moments.ts'
import { machineLimits } from './machine-limits.ts'
import { collectingWalls, laneRoom, passingWalls, privateGit, workingWalls } from './sandbox.ts'
import type { World } from './world.ts'

/** A lane that its walls hold. */
export interface Inside {
  readonly walls: Walls
  /** Its git, which runs inside. */
  readonly place: GitPlace & { readonly workTree: string }
}

/** What is written down beside a private git directory, where only we can write. */
interface Record {
  /** What it was given, by name of the ref. */
  readonly given: readonly (readonly [name: string, oid: string])[]
  /** The host when the walls took the lane over, and when it came back; null while they hold it. */
  readonly before: HostState
  readonly after: HostState | null
}

/**
 * host → walls: the lane gets its private git directory. One from before is used again where nobody has worked in the
 * lane with plain git since; else it is kept beside the new one, for the archive.
 */
export async function enterWalls(world: World, lane: OwnedLane): Promise<Inside> {
  const path = privateGit(world, lane.id)
  const inside = await insideOf(world, lane)
  const now = await hostStateOf(world, lane)
  const record = await readRecord(world, lane)
  if (record !== null && existsSync(join(path, 'HEAD')) && isSame(record.after ?? record.before, now)) {
    await giveAway(lane)
    await write(world, lane, {
      given: await refresh(world, lane, await passingBy(world, lane, inside), record),
      before: now,
      after: null,
    })
  } else {
    await setFormerAside(path)
    await makeGit(world, lane, now)
    await giveAway(lane)
  }
  await refreshLarge(await passingBy(world, lane, inside))
  crashPoint('walls.entered')
  return inside
}

/** The lane's private git directory, made for the first time; nothing is checked out. */
export async function makeGit(world: World, lane: OwnedLane, before: HostState, tip?: string): Promise<void> {
  const { repository } = world
  const path = privateGit(world, lane.id)
  const adminDir = adminOf(world, lane)
  const { branch, base } = lane
  const source = { commonDir: repository.commonDir, adminDir, root: repository.root, branch, base }
  const given = await makePrivate(path, tip === undefined ? source : { ...source, tip })
  const uid = uidOfLane(lane.id)
  if (uid !== null) await giveTree(path, uid)
  await write(world, lane, { given: [...given], before, after: null })
}

export async function insideOf(world: World, lane: OwnedLane): Promise<Inside> {
  const walls = await workingWalls(world, lane)
  const signal = lastMoments(world)
  return { walls, place: { gitDir: privateGit(world, lane.id), workTree: lane.path, walls, signal } }
}

/** A person may come in while an agent begins, or leave while one works. */
async function passingBy(world: World, lane: OwnedLane, { place }: Inside): Promise<Inside> {
  const walls = await passingWalls(world, lane)
  return { walls, place: { ...place, walls } }
}

export type BroughtBack =
  /** The commit that the agent left; null: none at all. */
  | { readonly kind: 'imported'; readonly head: string | null; readonly refs: number }
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Takes everything that the lane's git holds into the repository, below `refs/worklane/<task>/<name>/`; a run's name is
 * its epoch. Once no process of the run is left. The lane's branch stays where it is.
 */
export async function bringBack(world: World, lane: OwnedLane, name: string): Promise<BroughtBack> {
  const { repository, settings } = world
  const { commonDir } = repository
  const record = await readRecord(world, lane)
  const given = new Map(record?.given ?? [])
  // Its own: a shell and a run may end at once.
  const outbox = join(laneRoom(world, lane.id), `outbox-${name}`)
  try {
    const request = {
      path: privateGit(world, lane.id),
      walls: await collectingWalls(world, lane),
      commonDir,
      given,
      known: [lane.startPoint],
      largestFile: settings.sandbox.largestFile,
      outbox,
      signal: lastMoments(world),
    }
    const collected = collect(request).then((all) => {
      crashPoint('walls.collected')
      return all
    })
    const refs = await importCollected({
      commonDir,
      collected,
      refPrefix: `refs/worklane/${lane.taskId}/${name}`,
      known: [...new Set([lane.startPoint, ...given.values()])],
      limits: { file: request.largestFile },
      lfs: { path: request.path, walls: request.walls, most: machineLimits(settings, 1).lane.disk },
      signal: request.signal,
      leftOut: async () => await tooLargeFile(request),
    })
    crashPoint('walls.imported')
    return { kind: 'imported', head: (await collected).head, refs: refs.size }
  } catch (error) {
    const fault = asFault(error)
    if (fault?.code !== IMPORT_REFUSED) throw error
    return { kind: 'refused', reason: fault.message }
  } finally {
    await rm(outbox, { recursive: true, force: true })
  }
}

/**
 * walls → host: the lane's branch and index stand where the imported commit is. False: somebody committed in the lane
 * with plain git meanwhile; both sides are kept. `lock`: on the host's index, where it is held already.
 */
export async function leaveWalls(
  world: World,
  lane: OwnedLane,
  head: string | null,
  lock?: FileHandle,
): Promise<boolean> {
  const record = await readRecord(world, lane)
  if (record === null) return true
  const path = privateGit(world, lane.id)
  if (head !== null) {
    const back = await handBack({
      commonDir: world.repository.commonDir,
      adminDir: adminOf(world, lane),
      branch: lane.branch,
      to: head,
      before: record.before,
      privateIndex: join(path, 'index'),
      lock,
    })
    // Its git lacks what they did: the next walls get another.
    if (!back) await rm(recordFile(world, lane), { force: true })
    if (!back) return false
  }
  crashPoint('walls.left')
  await write(world, lane, { ...record, after: await hostStateOf(world, lane) })
  return true
}

/** A lane that was just checked out inside: the host has its index now, and nobody has touched it. */
export async function leaveFresh(world: World, lane: OwnedLane): Promise<void> {
  const record = await readRecord(world, lane)
  if (record === null) return
  const index = await stagedIn(adminOf(world, lane))
  await write(world, lane, { ...record, after: { ...record.before, index } })
}

/** Whether walls hold the lane, or held it when a crash came. */
export async function isInside(world: World, lane: OwnedLane): Promise<boolean> {
  const record = await readRecord(world, lane)
  return record !== null && record.after === null
}

/** Whether the host stands as the lane's own git left it, or was made from it: nobody used plain git in it since. */
export async function isUntouched(world: World, lane: OwnedLane): Promise<boolean> {
  const record = await readRecord(world, lane)
  return record !== null && isSame(record.after ?? record.before, await hostStateOf(world, lane))
}

/** Bytes of an index of some 700 files. For fewer, starting git takes longer than what it saves. */
const LARGE_INDEX = 64 * 1024

/** What comes of it is speed alone: a lane in which git hangs or fails is left to whoever works there. */
async function refreshLarge({ place }: Inside): Promise<void> {
  const { size } = await lstat(join(place.gitDir, 'index')).catch(() => ({ size: 0 }))
  if (size < LARGE_INDEX) return
  try {
    await refreshIndex(place, 10_000)
  } catch (error) {
    if (asFault(error) === null) throw error
    await removeLocksInside(place.gitDir)
  }
}

/** Base and the other given refs may have moved since; the lane's own branches are its own. */
async function refresh(
  world: World,
  lane: OwnedLane,
  { place }: Inside,
  record: Record,
): Promise<Record['given']> {
  const tip = await branchTip({ gitDir: world.repository.commonDir }, lane.base)
  const name = `refs/heads/${lane.base}`
  const given = new Map(record.given)
  // Where the agent has base checked out, or has commits of its own on it, its copy stays.
  const { exitCode } =
    tip === null || given.get(name) === tip
      ? { exitCode: 1 }
      : await git(place, ['update-ref', name, tip, given.get(name) ?? ''], {
          answers: [0, 1, 128],
          timeout: 20_000,
        })
  if (exitCode === 0 && tip !== null) given.set(name, tip)
  return [...given]
}

/** Kept, whatever it was: it may hold what was never taken in. */
async function setFormerAside(path: string): Promise<void> {
  if (!existsSync(path)) return
  for (let n = 1; ; n += 1) {
    if (existsSync(`${path}.${n}`)) continue
    await rename(path, `${path}.${n}`)
    return
  }
}

async function hostStateOf(world: World, lane: OwnedLane): Promise<HostState> {
  return await hostState(world.repository.commonDir, adminOf(world, lane), lane.branch)
}

function adminOf(world: World, lane: OwnedLane): string {
  return adminDirectory({ commonDir: world.repository.commonDir, admin: lane.admin })
}

function isSame(a: HostState, b: HostState): boolean {
  return a.tip === b.tip && a.head === b.head && a.index === b.index
}

function recordFile(world: World, lane: OwnedLane): string {
  return join(laneRoom(world, lane.id), 'walls.json')
}

async function readRecord(world: World, lane: OwnedLane): Promise<Record | null> {
  try {
    return JSON.parse(await readFile(recordFile(world, lane), 'utf8')) as Record
  } catch {
    return null
  }
}

async function write(world: World, lane: OwnedLane, record: Record): Promise<void> {
  const file = recordFile(world, lane)
  await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 })
  await rename(`${file}.new`, file)
}
