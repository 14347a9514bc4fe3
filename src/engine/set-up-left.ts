import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { contentMark, newReading, type Reading } from '../host/files/content-mark.ts'
import type { GitPlace } from '../host/git/git.ts'
import { uncommitted } from '../host/git/lane-state.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { laneGit } from './lane-git.ts'
import { laneRoom } from './sandbox.ts'
import type { World } from './world.ts'

/**
 * What the set-up command left uncommitted in a lane, such as a lock file, is nobody's work while it stays as it is. It
 * lies in our own room of the lane, where no agent can write: paths as bytes, each with a mark of its content.
 */
function setUpRecord(world: World, laneId: number): string {
  return join(laneRoom(world, laneId), 'set-up.json')
}

/** Once the set-up has run. `before`: what was uncommitted already. */
export async function rememberSetUp(world: World, lane: OwnedLane, before: readonly string[]): Promise<void> {
  const left = await uncommitted(await laneGit(world, lane))
  for (const path of before) left.delete(path)
  const record = setUpRecord(world, lane.id)
  if (left.size === 0) return await rm(record, { force: true })
  const marks: [string, string | null][] = []
  const reading = newReading()
  for (const [path, blob] of left) marks.push([path, await markOf(lane, path, blob, reading)])
  await writeFile(record, JSON.stringify(marks), { mode: 0o600 })
}

/** What is uncommitted in a lane, as bytes, without what its set-up left and nobody has changed since. */
export async function leftByAgent(world: World, lane: OwnedLane, place: GitPlace): Promise<string[]> {
  const left = await uncommitted(place)
  const known = await readMarks(setUpRecord(world, lane.id))
  const paths: string[] = []
  const reading = newReading()
  for (const [path, blob] of left) {
    const mark = known.get(path) ?? null
    if (mark === null || mark !== (await markOf(lane, path, blob, reading))) paths.push(path)
  }
  return paths
}

/** With what HEAD has there: content that was as it is now, and then was committed otherwise, has been changed back. */
async function markOf(
  { path: root }: OwnedLane,
  path: string,
  blob: string,
  reading: Reading,
): Promise<string | null> {
  const mark = await contentMark(root, path, reading)
  return mark === null ? null : `${blob} ${mark}`
}

async function readMarks(record: string): Promise<ReadonlyMap<string, string | null>> {
  try {
    return new Map(JSON.parse(await readFile(record, 'utf8')) as [string, string | null][])
  } catch {
    return new Map()
  }
}
