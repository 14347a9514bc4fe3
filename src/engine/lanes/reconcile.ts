import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isRefusal } from '../../board/refusal.ts'
import { bytesOfArchive, readSummary } from '../../host/archive/manifest-file.ts'
import { adminDirectory, adminPointsHere, checkInode, inodeOf } from '../../host/git/worktree.ts'
import { archivePlaces } from '../../ledger/archives.ts'
import { addArchive, allLanes, type OwnedLane } from '../../ledger/lanes.ts'
import { forgetArchive, putLane } from '../../ledger/reconcile.ts'
import { transact } from '../../ledger/transact.ts'
import { lanesDirectory } from '../lanes-place.ts'
import type { World } from '../world.ts'
import { adoptStranger } from './adopt.ts'
import { worktreeOf } from './make.ts'
import { trashDirectories } from './trash.ts'

/** What an older ledger was told of the world. */
export interface Reconciled {
  /** Sentences. */
  readonly adopted: readonly string[]
  /** Directories on the disk that no row names. */
  readonly unknown: readonly string[]
}

/**
 * Makes an older ledger agree with what is on the disk, where the disk is newer: nothing on the disk is deleted or
 * changed, except that what lies in the trash is moved aside, because this ledger cannot tell what of it was archived.
 */
export async function reconcile(world: World): Promise<Reconciled> {
  const lanes = await allLanes(world.ledger.db)
  const kept = await keepTrash(world, lanes)
  const archives = await adoptArchives(world, lanes)
  const adopted = [...kept, ...archives.adopted]
  for (const lane of newestOfEach(lanes)) {
    const sentence = await adoptLane(world, lane, archives.ofLane.has(lane.id))
    if (sentence !== null) adopted.push(sentence)
  }
  const unknown = [...archives.unknown]
  for (const path of await unknownLanes(world))
    if (await adoptStranger(world, path)) adopted.push(`A lane is known again: ${path}`)
    else unknown.push(path)
  return { adopted, unknown }
}

function newestOfEach(lanes: readonly OwnedLane[]): OwnedLane[] {
  return [...new Map(lanes.map((lane) => [lane.taskId, lane])).values()]
}

async function keepTrash(world: World, lanes: readonly OwnedLane[]): Promise<string[]> {
  const named = new Set(lanes.map(({ trash }) => trash))
  const said: string[] = []
  for (const trash of Object.values(trashDirectories(world))) {
    const names = (await readdir(trash).catch(() => [])).filter((name) => !named.has(join(trash, name)))
    if (names.length === 0) continue
    const aside = join(dirname(trash), `.kept-${world.actor.now()}`)
    await mkdir(aside, { recursive: true })
    for (const name of names) await rename(join(trash, name), join(aside, name))
    said.push(`What waited for deletion is kept: ${aside}`)
  }
  return said
}

/** A whole worktree at a lane's path is that lane, ready; a lane that is gone and has an archive is removed. */
async function adoptLane(world: World, lane: OwnedLane, archived: boolean): Promise<string | null> {
  if (await isWhole(world, lane)) {
    const inode = await inodeOf(lane.path)
    if (lane.state === 'ready' && lane.inode?.inode === inode.inode) return null
    await put(world, lane, { state: 'ready', ...inode, owner: null, trash: null })
    return lane.state === 'ready' ? null : `The lane of task ${lane.taskId} is at work again: ${lane.path}`
  }
  const gone = (await checkInode(lane.path, lane.inode)) === 'missing'
  const inTrash = lane.trash !== null && existsSync(lane.trash)
  if (!gone || inTrash || !archived || lane.state === 'removed') return null
  await put(world, lane, { state: 'removed', owner: null, trash: null, port: null })
  return `The lane of task ${lane.taskId} had been removed; its archive is known again.`
}

/** Our own locks say that it is being made or removed. */
async function isWhole(world: World, lane: OwnedLane): Promise<boolean> {
  const worktree = worktreeOf(world, lane)
  const admin = adminDirectory(worktree)
  const link = await readFile(join(lane.path, '.git'), 'utf8').catch(() => '')
  if (link.trim() !== `gitdir: ${admin}` || !(await adminPointsHere(worktree))) return false
  return !(await readFile(join(admin, 'locked'), 'utf8').catch(() => '')).startsWith('worklane ')
}

async function put(world: World, lane: OwnedLane, change: Parameters<typeof putLane>[2]): Promise<void> {
  await transact(world.ledger, world.actor, async (tx) => {
    await putLane(tx, lane, change)
    return null
  })
}

const ARCHIVE_NAME = /^(\d+)-(\d+)-\d+$/

/** Complete archives of lanes that the ledger knows; and those that were purged since are forgotten again. */
async function adoptArchives(world: World, lanes: readonly OwnedLane[]) {
  const directory = join(world.repository.home, 'archive')
  const rows = await archivePlaces(world.ledger.db)
  const known = new Set(rows.map((row) => row.directory))
  const ofLane = new Set<number>()
  const adopted: string[] = []
  const unknown: string[] = []
  for (const name of (await readdir(directory).catch(() => [])).sort()) {
    const path = join(directory, name)
    const lane = lanes.find(({ id }) => id === Number(ARCHIVE_NAME.exec(name)?.[2]))
    if (known.has(path)) {
      if (lane !== undefined) ofLane.add(lane.id)
      continue
    }
    if (lane === undefined) unknown.push(path)
    else if (await adoptArchive(world, lane, { path, name })) {
      ofLane.add(lane.id)
      adopted.push(`An archive of task ${lane.taskId} is known again: ${path}`)
    }
  }
  for (const { id, directory: path, purgedAt } of rows)
    if (purgedAt === null && !existsSync(path))
      await transact(world.ledger, world.actor, async (tx) => await forgetArchive(tx, id))
  return { ofLane, adopted, unknown }
}

/** False for half an archive: it was never counted on. */
async function adoptArchive(
  world: World,
  lane: OwnedLane,
  { path, name }: { readonly path: string; readonly name: string },
): Promise<boolean> {
  const manifest = await readSummary(path).catch(() => null)
  if (manifest === null) return false
  const bytes = bytesOfArchive(path, manifest)
  const files = manifest.counts.blob + manifest.counts.tar
  const refPrefix = `refs/worklane/archive/${name}`
  const done = await transact(world.ledger, world.actor, async (tx) => {
    await addArchive(tx, lane, { directory: path, refPrefix, bytes, files })
    return null
  })
  return !isRefusal(done)
}

async function unknownLanes(world: World): Promise<string[]> {
  const known = new Set((await allLanes(world.ledger.db)).map(({ path }) => path))
  const directory = lanesDirectory(world)
  const names = await readdir(directory).catch(() => [])
  return names
    .filter((name) => !name.startsWith('.'))
    .map((name) => join(directory, name))
    .filter((path) => !known.has(path))
}

/** The highest numbers in the names of what lies on the disk, by table. */
export async function numbersSeen(world: World): Promise<ReadonlyMap<string, number>> {
  const { home } = world.repository
  const places = [
    { table: 'task', directory: lanesDirectory(world), name: /^task-(\d+)/ },
    { table: 'task', directory: join(home, 'archive'), name: /^(\d+)-\d+-\d+$/ },
    { table: 'lane', directory: join(home, 'archive'), name: /^\d+-(\d+)-\d+$/ },
    { table: 'lane', directory: join(home, 'lanes'), name: /^(\d+)$/ },
    { table: 'landing', directory: join(home, 'landings'), name: /^(\d+)$/ },
  ]
  const seen = new Map<string, number>()
  for (const { table, directory, name } of places)
    for (const one of await readdir(directory).catch(() => []))
      seen.set(table, Math.max(seen.get(table) ?? 0, Number(name.exec(one)?.[1] ?? 0)))
  return seen
}
