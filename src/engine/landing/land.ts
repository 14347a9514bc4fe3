import { LANDING_FAULT_CAP, type Landing } from '../../board/landing.ts'
import { isRefusal, type Refusal } from '../../board/refusal.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { asFault, Fault } from '../../host/fault.ts'
import { syncFileSystem } from '../../host/files/sync.ts'
import { type MoveAnswer, moveBase } from '../../host/git/move-base.ts'
import { deleteOwnRef } from '../../host/git/own-refs.ts'
import { branchTip, contains } from '../../host/git/refs.ts'
import { type LandingChange, moveLanding, recordLanded, returnTask } from '../../ledger/landings.ts'
import { transact } from '../../ledger/transact.ts'
import { blameDisk, diskIsFull } from '../disk.ts'
import type { World } from '../world.ts'
import { blockageOf } from './blockage.ts'
import { type Candidate, prepareCandidate } from './candidate.ts'
import { candidateRef } from './refs.ts'
import { verifyCandidate } from './verify.ts'

export interface LandRules {
  /** Null: land unverified. */
  readonly verify: string | null
  /** Aborted: the verify command ends at once, and the entry goes back into the queue. */
  readonly hurry: AbortSignal
}

/** One entry's way: merge, verify the exact commit, move base. Each step is in the ledger before the next begins. */
export async function land(world: World, entry: Landing, rules: LandRules): Promise<void> {
  if (isRefusal(await move(world, entry.id, 'start'))) return
  crashPoint('landing.started')
  const merged = await guarded(world, entry, rules, () => merge(world, entry))
  if (merged === null) return
  crashPoint('landing.merged')
  const verified = await guarded(world, entry, rules, () => verifyStep(world, entry, merged, rules))
  if (verified === null) return
  crashPoint('landing.verified')
  await moveStep(world, entry, merged, verified)
}

type Step = Parameters<typeof moveLanding>[2]

async function move(
  world: World,
  id: number,
  step: Step,
  change: LandingChange = {},
): Promise<Landing | Refusal> {
  return await transact(world.ledger, world.actor, async (tx) => await moveLanding(tx, id, step, change))
}

/** The machine failed, not the work: back into the queue, and held when it keeps failing. */
async function guarded<T>(
  world: World,
  entry: Landing,
  { hurry }: LandRules,
  step: () => Promise<T | null>,
): Promise<T | null> {
  try {
    return await step()
  } catch (error) {
    const fault = asFault(error)
    if (fault === null) throw error
    // A person ended it, so it is no fault that counts.
    if (hurry.aborted) await move(world, entry.id, 'fault', { reason: 'interrupted' })
    else await setBack(world, entry, `${fault.message} ${fault.hint}`.trim())
    return null
  }
}

/** For want of room nothing is held: it waits in the queue, and the fault goes on to whoever tries again later. */
async function setBack(world: World, entry: Landing, reason: string): Promise<void> {
  if (diskIsFull(world)) {
    await move(world, entry.id, 'fault', { reason: 'the disk is full' })
    throw blameDisk(world, new Fault(reason, { retry: 'later' }))
  }
  const faults = entry.faults + 1
  const candidateOn = await branchTip({ gitDir: world.repository.commonDir }, entry.base)
  const held = faults >= LANDING_FAULT_CAP
  await move(world, entry.id, held ? 'hold' : 'fault', {
    faults,
    reason,
    ...(held ? { candidate: null, candidateOn, files: [] } : {}),
  })
}

/**
 * merging → verifying; landed where base has it all; or conflicted, with the task handed back. Null: the entry's way
 * ends here for now.
 */
async function merge(world: World, entry: Landing): Promise<Candidate | null> {
  const made = await prepareCandidate(world, entry)
  crashPoint('landing.made')
  if (made.kind === 'candidate') {
    const blocked = await blockageOf(world, entry.base, made.on, made.commit)
    const change = { candidate: made.commit, candidateOn: made.on, verified: made.verified }
    if (blocked !== null) {
      await move(world, entry.id, 'hold', { ...change, ...blocked })
      return null
    }
    return isRefusal(await move(world, entry.id, 'merge', change)) ? null : made
  }
  if (made.kind === 'empty') {
    const landed = { ...entry, candidate: null, candidateOn: made.on, verified: false }
    await transact(world.ledger, world.actor, async (tx) => await recordLanded(tx, landed))
    await dropCandidateRef(world, entry)
    return null
  }
  if (made.kind === 'unknown') {
    await setBack(world, entry, made.reason)
    return null
  }
  const { files } = made
  const text = `It conflicts with what landed on ${entry.base} since this lane began.\n\nThe files:\n\n${files.map((path) => `- ${path}`).join('\n')}\n\nRun \`git merge ${entry.base}\` in the lane, resolve these files so that both sides keep what they meant, and commit.`
  await handBack(
    world,
    entry,
    'conflict',
    { reason: `conflicts with ${entry.base}`, files },
    { kind: 'conflict', text },
  )
  return null
}

async function verifyStep(
  world: World,
  entry: Landing,
  candidate: Candidate,
  { verify, hurry }: LandRules,
): Promise<{ verified: boolean } | null> {
  if (candidate.verified) return { verified: true }
  if (verify === null) return { verified: false }
  const answer = await verifyCandidate(world, entry, candidate, { command: verify, hurry })
  if (answer.kind === 'green') return { verified: true }
  // A full disk makes any check red.
  if (answer.kind === 'fault' || diskIsFull(world)) {
    await setBack(world, entry, answer.kind === 'fault' ? answer.reason : `\`${verify}\` failed.`)
    return null
  }
  const text = `Merged with ${entry.base}, \`${verify}\` failed (twice). The end of its output:\n\n\`\`\`\n${answer.tail}\n\`\`\``
  await handBack(
    world,
    entry,
    'reject',
    { reason: `\`${verify}\` failed; its output: ${answer.log}` },
    { kind: 'rejection', text },
  )
  return null
}

async function handBack(
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
  await dropCandidateRef(world, entry)
}

/** verifying → moving → landed, confirmed by the ref itself, which is on the disk before anybody hears of it. */
async function moveStep(
  world: World,
  entry: Landing,
  candidate: Candidate,
  { verified }: { verified: boolean },
): Promise<void> {
  const moving = await move(world, entry.id, 'verify', { verified })
  if (isRefusal(moving)) return
  crashPoint('landing.moving')
  const answer = await tryMove(world, entry, candidate)
  crashPoint('landing.moved')
  if (answer.kind === 'moved') {
    await transact(world.ledger, world.actor, async (tx) => await recordLanded(tx, moving))
    crashPoint('landing.landed')
    await dropCandidateRef(world, entry)
  } else if (answer.kind === 'base-changed')
    await move(world, entry.id, 'restart', { reason: `${entry.base} moved meanwhile` })
  else if (answer.kind === 'fault') await setBack(world, entry, answer.reason)
  else if ((await blockageOf(world, entry.base, candidate.on, candidate.commit)) !== null)
    await move(world, entry.id, 'hold', { reason: answer.reason, files: answer.files })
  // Nothing is seen in the way, and git refused: who waits for the way to be free would try again at once, for ever.
  else await setBack(world, entry, answer.reason)
}

/** After a fault in the middle, too, only the ref says whether base moved. */
async function tryMove(
  world: World,
  entry: Landing,
  { on, commit }: Candidate,
): Promise<MoveAnswer | { readonly kind: 'fault'; readonly reason: string }> {
  const { base, taskId } = entry
  try {
    const reason = `worklane: land task ${taskId}`
    const answer = await moveBase(world.repository, { branch: base, from: on, to: commit, reason })
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

async function dropCandidateRef(world: World, entry: Landing): Promise<void> {
  await deleteOwnRef(world.repository.commonDir, candidateRef(entry))
}
