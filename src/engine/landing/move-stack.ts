import { isRefusal } from '../../board/refusal.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { asFault } from '../../host/fault.ts'
import { syncFileSystem } from '../../host/files/sync.ts'
import { type MoveAnswer, moveBase } from '../../host/git/move-base.ts'
import { deleteOwnRefs } from '../../host/git/own-refs.ts'
import { branchTip, contains } from '../../host/git/refs.ts'
import { moveLanding, recordLanded } from '../../ledger/landings.ts'
import { transact } from '../../ledger/transact.ts'
import type { World } from '../world.ts'
import { blockageOf } from './blockage.ts'
import { move, setBack } from './entry.ts'
import { candidateRef } from './refs.ts'
import type { Stacked } from './stack.ts'

export interface Prefix {
  readonly base: string
  /** The commit that base is at. */
  readonly from: string
  /** What lands: base moves to the last of them. */
  readonly entries: readonly Stacked[]
  /** False: nothing was asked to run. */
  readonly verified: boolean
}

/**
 * verifying → moving → landed, all of them at once, confirmed by the ref itself, which is on the disk before anybody
 * hears of it. False: base did not move; they are in the queue again, or held.
 */
export async function landPrefix(world: World, prefix: Prefix): Promise<boolean> {
  const { entries, verified } = prefix
  const top = entries.at(-1)
  if (top === undefined) return true
  const moving = await transact(world.ledger, world.actor, async (tx) => {
    const all = []
    for (const { entry } of entries) {
      const step = await moveLanding(tx, entry.id, 'verify', { verified })
      if (isRefusal(step)) return step
      all.push(step)
    }
    return all
  })
  // Somebody withdrew one of them.
  if (isRefusal(moving)) return false
  crashPoint('landing.moving')
  const answer = await tryMove(world, prefix, top)
  crashPoint('landing.moved')
  if (answer.kind !== 'moved') {
    await undo(world, prefix, answer)
    return false
  }
  await transact(world.ledger, world.actor, async (tx) => {
    for (const landing of moving) await recordLanded(tx, landing)
    return null
  })
  crashPoint('landing.landed')
  const refs = entries.map(({ entry, commit }) => ({ ref: candidateRef(entry), oid: commit }))
  await deleteOwnRefs(world.repository.commonDir, refs)
  return true
}

type NotMoved = Exclude<MoveAnswer, { kind: 'moved' }> | { readonly kind: 'fault'; readonly reason: string }

/** After a fault in the middle, too, only the ref says whether base moved. */
async function tryMove(
  world: World,
  { base, from, entries }: Prefix,
  { commit }: Stacked,
): Promise<MoveAnswer | NotMoved> {
  try {
    const reason = `worklane: land ${nameTasks(entries)}`
    const answer = await moveBase(world.repository, { branch: base, from, to: commit, reason })
    if (answer.kind === 'moved') await syncFileSystem(world.repository.commonDir)
    return answer
  } catch (error) {
    const fault = asFault(error)
    if (fault === null) throw error
    const place = { gitDir: world.repository.commonDir }
    const tip = await branchTip(place, base)
    if (tip !== null && (await contains(place, tip, commit))) return { kind: 'moved' }
    return { kind: 'fault', reason: `${fault.message} ${fault.hint}`.trim() }
  }
}

function nameTasks(entries: readonly Stacked[]): string {
  const ids = entries.map(({ entry }) => entry.taskId)
  return ids.length === 1 ? `task ${ids[0]}` : `tasks ${ids.join(', ')}`
}

async function undo(world: World, { base, from, entries }: Prefix, answer: NotMoved): Promise<void> {
  if (answer.kind === 'base-changed') {
    for (const { entry } of entries)
      await move(world, entry.id, 'restart', { reason: `${base} moved meanwhile` })
    return
  }
  const top = entries.at(-1)
  const blocked =
    answer.kind === 'fault' || top === undefined ? null : await blockageOf(world, base, from, top.commit)
  // What is in the way now is seen when they are stacked again, and holds the one that it is in the way of.
  for (const { entry } of entries)
    if (blocked !== null) await move(world, entry.id, 'restart', { reason: blocked.reason })
    // Nothing is seen in the way, and git refused: who waits for the way to be free would try again at once, for ever.
    else await setBack(world, entry, answer.reason)
}
