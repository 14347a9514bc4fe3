import { baseNote } from '../../board/refresh.ts'
import { asFault } from '../../host/fault.ts'
import { touchedSince } from '../../host/git/lane-standing.ts'
import { asText } from '../../host/git/path-bytes.ts'
import { contains } from '../../host/git/refs.ts'
import { treeDiff } from '../../host/git/tree-diff.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
import { noteOfBase } from '../../ledger/refresh.ts'
import { notesOf } from '../../ledger/tasks.ts'
import { transact } from '../../ledger/transact.ts'
import { laneGit } from '../lane-git.ts'
import type { World } from '../world.ts'

/** Notes on a task at work which of the files that its lane has changed base has changed since; none: says nothing. */
export async function tellOfBase(world: World, lane: OwnedLane, base: string): Promise<void> {
  const { repository, ledger, actor } = world
  const { startPoint, taskId } = lane
  if (base === startPoint || !(await contains({ gitDir: repository.commonDir }, base, startPoint))) return
  const touched = await touchedOf(world, lane)
  const there = await treeDiff(repository, startPoint, base)
  const both = there.filter(({ path }) => touched.has(path)).map(({ path }) => asText(path))
  const text = baseNote(lane.base, base, both)
  if (text === null || (await isTold(world, taskId, text))) return
  await transact(ledger, actor, async (tx) => await noteOfBase(tx, taskId, text))
}

/** Empty where nothing can be said: then nobody is told. */
async function touchedOf(world: World, lane: OwnedLane): Promise<ReadonlySet<string>> {
  try {
    return await touchedSince(await laneGit(world, lane), lane.startPoint)
  } catch (error) {
    if (asFault(error) === null) throw error
    return new Set()
  }
}

async function isTold(world: World, taskId: number, text: string): Promise<boolean> {
  return (await notesOf(world.ledger.db, taskId)).some((note) => note.kind === 'base' && note.text === text)
}
