import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { adminDirectory } from '../../host/git/worktree.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
import type { LaneMove } from '../../ledger/refresh.ts'
import { laneRoom } from '../sandbox.ts'
import type { World } from '../world.ts'

/** What is written down while a lane is brought up to date, so that a crash leaves nothing that nobody can tell apart. */
export interface Journal extends LaneMove {
  /** Which file our lock on the host's index is; null before there is one. */
  readonly lock: string | null
}

function fileOf(world: World, lane: Pick<OwnedLane, 'id'>): string {
  return join(laneRoom(world, lane.id), 'refresh.json')
}

/** Whether a refresh is at work, or was killed. */
export function isOpen(world: World, lane: Pick<OwnedLane, 'id'>): boolean {
  return existsSync(fileOf(world, lane))
}

export async function readJournal(world: World, lane: OwnedLane): Promise<Journal | null> {
  const text = await readFile(fileOf(world, lane), 'utf8').catch(() => null)
  return text === null ? null : (JSON.parse(text) as Journal)
}

export async function writeJournal(world: World, lane: OwnedLane, journal: Journal): Promise<void> {
  const file = fileOf(world, lane)
  await mkdir(laneRoom(world, lane.id), { recursive: true, mode: 0o700 })
  await writeFile(`${file}.new`, JSON.stringify(journal), { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}

export async function closeJournal(world: World, lane: OwnedLane): Promise<void> {
  await rm(fileOf(world, lane), { force: true })
}

/** Which file the lock on the host's index is: a number that is used again comes with another time. */
export async function lockOf(world: World, { admin }: OwnedLane): Promise<string | null> {
  const { commonDir } = world.repository
  const lock = join(adminDirectory({ commonDir, admin }), 'index.lock')
  const is = await stat(lock, { bigint: true }).catch(() => null)
  return is === null ? null : `${is.ino} ${is.birthtimeNs}`
}

/** Takes away the lock that a killed refresh left. A person's is never touched. */
export async function dropOwnLock(world: World, lane: OwnedLane, { lock }: Journal): Promise<void> {
  if (lock === null || (await lockOf(world, lane)) !== lock) return
  const { commonDir } = world.repository
  await rm(join(adminDirectory({ commonDir, admin: lane.admin }), 'index.lock'), { force: true })
}
