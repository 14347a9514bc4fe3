import type { LimitCause } from '../../board/overload.ts'
import { isRefusal, type Refusal } from '../../board/refusal.ts'
import { type Evidence, judge, NOT_FOUND, type Verdict } from '../../board/run.ts'
import type { Task } from '../../board/task.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { asFault } from '../../host/fault.ts'
import { leftMarkers } from '../../host/git/begin-merge.ts'
import { removeDeadLocks, removeLocksInside } from '../../host/git/dead-locks.ts'
import type { GitPlace } from '../../host/git/git.ts'
import { commitLeft, unfinishedOperation } from '../../host/git/lane-state.ts'
import { asText } from '../../host/git/path-bytes.ts'
import { commitOf, ownCommits } from '../../host/git/refs.ts'
import { placeOf } from '../../host/git/worktree.ts'
import { missingProgram } from '../../host/process/missing-program.ts'
import type { WorkerExit } from '../../host/process/worker.ts'
import { completeEmpty, completeTask } from '../../ledger/landings.ts'
import { type OwnedLane, quarantineLane, rejectLane } from '../../ledger/lanes.ts'
import { giveBack, holdsTask } from '../../ledger/leases.ts'
import { endRun, type RunRow } from '../../ledger/runs.ts'
import { type Tx, transact } from '../../ledger/transact.ts'
import { runChecks } from '../checks.ts'
import { diskIsFull, wantsRoom } from '../disk.ts'
import { type Inside, leaveWalls } from '../hand-over.ts'
import { innerWork } from '../inner-work.ts'
import { lastMoments } from '../last-moments.ts'
import { leftByAgent } from '../set-up-left.ts'
import { settingsChange } from '../settings-change.ts'
import { told } from '../told.ts'
import { undoneWork } from '../undone.ts'
import type { World } from '../world.ts'
import type { OpenMerge } from './conflict.ts'
import { takeIn } from './take-in.ts'

export interface FinishedAttempt {
  readonly task: Task
  readonly lane: OwnedLane
  readonly run: RunRow
  /** A sentence where the worker could not be started. */
  readonly exit: WorkerExit | string
  /** The limit that it met. */
  readonly limit: LimitCause | null
  /** The walls that still hold the lane; null: there were none. */
  readonly inside: Inside | null
  /** The merge that it found in progress. */
  readonly merge: OpenMerge | null
  /** `host:port` of what the network policy did not let it reach. */
  readonly refused: readonly string[]
  /** Command that the work must pass before it lands. */
  readonly verify: string | null
}

/** The worker is gone: keep what it left, look at what it did, and write the verdict, which is the answer. */
export async function finishAttempt(world: World, finished: FinishedAttempt): Promise<Verdict> {
  const { task, lane, run, exit } = finished
  const { verdict, result, fate } = forgiveFullDisk(world, finished.limit, await lookAtWork(world, finished))
  const done = verdict.outcome === 'completed' && result !== null
  const reviewReason = done ? await settingsChange(world, lane, result) : null
  crashPoint('run.judged')
  await transact(world.ledger, world.actor, async (tx) => {
    const code = typeof exit === 'string' ? null : exit.exitCode
    const signal = typeof exit === 'string' ? null : exit.signal
    const { outcome, detail } = verdict
    await endRun(tx, run, { outcome, detail, exitCode: code, signal })
    if (fate === 'rejected') await rejectLane(tx, lane, verdict.detail)
    if (fate === 'diverged') await quarantineLane(tx, lane, verdict.detail)
    const held = await holdsTask(tx, task.id, task.epoch)
    // Cancelled or taken over meanwhile: the run is told, the task is no longer ours to move.
    if (isRefusal(held)) return null
    const { verify, refused } = finished
    return await conclude(tx, world, { task: held, lane, verdict, result, verify, refused, reviewReason })
  })
  return verdict
}

/**
 * Where nothing could be written the work says nothing about the agent: it is kept, and the attempt does not count. But
 * for the one that was ended because it filled the disk: that would fill it again, and must know why it was ended.
 */
function forgiveFullDisk(world: World, limit: LimitCause | null, weighed: Weighed): Weighed {
  const { verdict } = weighed
  if (limit?.limit === 'disk' && limit.ended && !world.stop.aborted)
    return verdict.outcome === 'stopped'
      ? { ...weighed, verdict: { outcome: 'failed', detail: `${limit.text} ${verdict.detail}` } }
      : weighed
  if (verdict.outcome !== 'failed' || !diskIsFull(world)) return weighed
  return { ...weighed, verdict: { outcome: 'stopped', detail: `The disk is full. ${verdict.detail}` } }
}

/** A fault of git or the disk ends the attempt too, and counts: to start the agent again would meet it again. */
async function lookAtWork(world: World, finished: FinishedAttempt): Promise<Weighed> {
  const { lane, inside } = finished
  const { admin, path, branch } = lane
  const worktree = { commonDir: world.repository.commonDir, admin, path, branch }
  const place = inside?.place ?? { ...placeOf(worktree), signal: lastMoments(world) }
  try {
    if (inside === null) await removeDeadLocks(worktree)
    else await removeLocksInside(place.gitDir)
    const unfinished = unfinishedOperation(place.gitDir)
    const keep = async (): Promise<string | null> => await keepLeftovers(world, finished, place, unfinished)
    if (inside === null) return await weigh(world, finished, await keep(), unfinished)
    const taken = await takeIn(world, finished, keep)
    if (taken.kind === 'rejected') return { verdict: taken.verdict, result: null, fate: 'rejected' }
    const weighed = taken.fault ?? (await weigh(world, finished, taken.head, unfinished))
    return (await leaveWalls(world, lane, taken.head)) ? weighed : diverged(finished, weighed)
  } catch (error) {
    const fault = asFault(error)
    if (fault === null) throw error
    const stopped = world.stop.aborted
    const detail = stopped
      ? 'Stopped on request.'
      : `What the agent left could not be taken in: ${fault.message}`
    // What did not fit is gone again: the disk need not be full any more.
    const isNobodysFault = stopped || wantsRoom(fault)
    return { verdict: { outcome: isNobodysFault ? 'stopped' : 'failed', detail }, result: null }
  }
}

/**
 * Uncommitted work is committed on the lane's branch, never dropped; in the middle of a rebase or merge it stays. So does
 * what the set-up left.
 */
async function keepLeftovers(
  world: World,
  { task, lane, run, limit }: FinishedAttempt,
  place: GitPlace,
  unfinished: string | null,
): Promise<string | null> {
  // A commit of what filled the disk would fill it once more; it stays in the lane as it is.
  if (unfinished !== null || limit?.limit === 'disk') return await commitOf(place, 'HEAD')
  const paths = await leftByAgent(world, lane, place)
  if (paths.length === 0) return await commitOf(place, 'HEAD')
  const names = paths
    .slice(0, 20)
    .map((path) => `- ${asText(path)}`)
    .join('\n')
  const message = `Task ${task.id}: ${told(world, task.subject)}\n\nLeft uncommitted by the agent at the end of run ${run.id}, committed by worklane:\n\n${names}${paths.length > 20 ? `\n- and ${paths.length - 20} more` : ''}\n`
  return await commitLeft(place, lane.branch, message, paths)
}

export interface Weighed {
  readonly verdict: Verdict
  readonly result: string | null
  /** What becomes of the lane, where it cannot just go on. */
  readonly fate?: 'rejected' | 'diverged'
}

/** Somebody committed or staged in the lane with plain git while its walls held it. Both sides are kept. */
function diverged({ task, lane }: FinishedAttempt, { verdict }: Weighed): Weighed {
  const theirs = `refs/worklane/${task.id}/${task.epoch}/head`
  const detail = `Somebody worked in the lane with plain git meanwhile. What the agent did is kept at ${theirs}, the branch ${lane.branch} is as they left it. Merge what is wanted, then: worklane lane resolve ${task.id}`
  return {
    verdict: { outcome: verdict.outcome === 'stopped' ? 'stopped' : 'failed', detail },
    result: null,
    fate: 'diverged',
  }
}

async function weigh(
  world: World,
  { task, lane, run, exit, limit, merge }: FinishedAttempt,
  head: string | null,
  open: string | null,
): Promise<Weighed> {
  if (typeof exit === 'string') return { verdict: { outcome: 'failed', detail: exit }, result: null }
  const place = { gitDir: world.repository.commonDir }
  const unfinished = open ?? (await unresolved(place, merge, head))
  const commits = head === null ? 0 : await ownCommits(place, lane, head)
  const undone = commits === 0 || head === null ? null : await undoneWork(world, lane, head)
  const hasEnded = limit?.ended !== true && !exit.stopRequested && !exit.timedOut
  const inner = hasEnded && head !== null ? await innerWork(world, lane, head) : null
  const isWhole = unfinished === null && undone === null && inner === null && commits > 0
  const done = hasEnded && isWhole
  const checks = [...world.settings.checks, ...task.checks]
  const checked =
    done && checks.length > 0
      ? await runChecks(world, lane, { checks, directory: run.directory, epoch: task.epoch })
      : null
  const evidence: Evidence = {
    commits,
    exitCode: exit.exitCode,
    signal: exit.signal,
    timedOut: exit.timedOut,
    stopRequested: exit.stopRequested,
    limit,
    checks: checked,
    allowEmpty: task.allowEmpty,
    unfinished,
    undone,
    inner,
    missing:
      commits === 0 && exit.exitCode === NOT_FOUND
        ? await missingProgram(run.command, world.repository.root)
        : null,
  }
  const verdict = judge(evidence)
  if (checked === null || checked.green) return { verdict, result: head }
  return { verdict: { ...verdict, detail: `${verdict.detail}\n\n${checked.tail}` }, result: head }
}

/** Files that still hold markers of the merge may be committed, but nobody resolved them. */
async function unresolved(
  place: GitPlace,
  merge: OpenMerge | null,
  head: string | null,
): Promise<string | null> {
  if (merge === null || head === null) return null
  const files = await leftMarkers(place, { commit: head, ...merge })
  return files.length === 0 ? null : `merge: conflict markers are left in ${files.join(', ')}`
}

async function conclude(
  tx: Tx,
  world: World,
  end: Pick<FinishedAttempt, 'task' | 'lane' | 'verify' | 'refused'> &
    Weighed & { readonly reviewReason: string | null },
): Promise<unknown | Refusal> {
  const { task, lane, verdict, result, verify, refused, reviewReason } = end
  const { style, review } = world.settings.landing
  if (verdict.outcome === 'completed' && result !== null)
    return await completeTask(tx, task, {
      style,
      base: lane.base,
      result,
      review: task.review || review,
      reviewReason,
      verify: task.verify ?? verify,
    })
  if (verdict.outcome === 'no_change') return await completeEmpty(tx, task)
  if (verdict.outcome === 'stopped') return await giveBack(tx, task, 'released')
  const log = 'The output of that attempt: worklane logs'
  return await giveBack(tx, task, 'failed', {
    kind: 'attempt',
    text: `${verdict.detail}\n\n${unreached(refused)}${log} ${task.id}`,
  })
}

/** Mostly it is why the attempt failed, and the next one would fail like it. */
function unreached(hosts: readonly string[]): string {
  return hosts.length === 0 ? '' : `The network policy did not let it reach: ${hosts.join(', ')}\n`
}
