import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OwnedLane } from '../../ledger/lanes.ts'
import type { LaneMove } from '../../ledger/refresh.ts'
import { laneRoom } from '../sandbox.ts'
import type { World } from '../world.ts'

function fileOf(world: World, lane: Pick<OwnedLane, 'id'>): string {
  return join(laneRoom(world, lane.id), 'refresh.json')
}

/** Whether a refresh is at work, or was killed. */
export function isOpen(world: World, lane: Pick<OwnedLane, 'id'>): boolean {
  return existsSync(fileOf(world, lane))
}

/** What is written down while a lane is brought up to date, so that a crash leaves nothing that nobody can tell apart. */
export async function readJournal(world: World, lane: OwnedLane): Promise<LaneMove | null> {
  const text = await readFile(fileOf(world, lane), 'utf8').catch(() => null)
  return text === null ? null : (JSON.parse(text) as LaneMove)
}

export async function writeJournal(world: World, lane: OwnedLane, move: LaneMove): Promise<void> {
  const file = fileOf(world, lane)
  await mkdir(laneRoom(world, lane.id), { recursive: true, mode: 0o700 })
  await writeFile(`${file}.new`, JSON.stringify(move), { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}

export async function closeJournal(world: World, lane: OwnedLane): Promise<void> {
  await rm(fileOf(world, lane), { force: true })
}
