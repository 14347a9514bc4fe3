import { LANDING_FAULT_CAP, type Landing } from '../../board/landing.ts'
import { isRefusal, type Refusal } from '../../board/refusal.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { Fault } from '../../host/fault.ts'
import { deleteOwnRef } from '../../host/git/own-refs.ts'
import { branchTip } from '../../host/git/refs.ts'
import { type LandingChange, moveLanding, returnTask } from '../../ledger/landings.ts'
import { transact } from '../../ledger/transact.ts'
import { blameDisk, diskIsFull } from '../disk.ts'
import type { World } from '../world.ts'
import { candidateRef } from './refs.ts'

type Step = Parameters<typeof moveLanding>[2]

/** One step of one entry. */
export async function move(
  world: World,
  id: number,
  step: Step,
  change: LandingChange = {},
): Promise<Landing | Refusal> {
  return await transact(world.ledger, world.actor, async (tx) => await moveLanding(tx, id, step, change))
}

/**
 * The machine failed, not the work: back into the queue, and held when it keeps failing. For want of room nothing is
 * held: it waits in the queue, and the fault goes on to whoever tries again later.
 */
export async function setBack(world: World, entry: Landing, reason: string): Promise<void> {
  if (diskIsFull(world)) {
    await move(world, entry.id, 'fault', { reason: 'the disk is full' })
    throw blameDisk(world, new Fault(reason, { retry: 'later' }))
  }
  const faults = entry.faults + 1
  const held = faults >= LANDING_FAULT_CAP
  if (held) await hold(world, entry, reason, { faults })
  else await move(world, entry.id, 'fault', { faults, reason })
}

/** Held for as long as base stays where it is: nothing of a person is in the way. */
export async function hold(
  world: World,
  entry: Landing,
  reason: string,
  change: LandingChange = {},
): Promise<void> {
  const candidateOn = await branchTip({ gitDir: world.repository.commonDir }, entry.base)
  await move(world, entry.id, 'hold', { ...change, reason, candidate: null, candidateOn, files: [] })
}

/** The entry ended without a landing, and its task goes back to an agent with a note. */
export async function handBack(
  world: World,
  entry: Landing,
  step: 'conflict' | 'reject',
  change: LandingChange,
  note: { readonly kind: 'conflict' | 'rejection'; readonly text: string },
): Promise<void> {
  await transact(world.ledger, world.actor, async (tx) => {
    const ended = await moveLanding(tx, entry.id, step, change)
    return isRefusal(ended) ? ended : await returnTask(tx, entry.taskId, note)
  })
  crashPoint('landing.rejected')
  await dropCandidateRef(world, entry)
}

export async function dropCandidateRef(world: World, entry: Pick<Landing, 'id'>): Promise<void> {
  await deleteOwnRef(world.repository.commonDir, candidateRef(entry))
}
