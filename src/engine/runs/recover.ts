import { isRefusal } from '../../board/refusal.ts'
import { removeDeadLocks, removeLocksInside } from '../../host/git/dead-locks.ts'
import type { ProcessIdentity } from '../../host/process/identity.ts'
import { stopTree } from '../../host/process/tree.ts'
import { findLane, type OwnedLane, quarantineLane, rejectLane } from '../../ledger/lanes.ts'
import { giveBack, holdsTask } from '../../ledger/leases.ts'
import { endRun, type RunRow } from '../../ledger/runs.ts'
import { transact } from '../../ledger/transact.ts'
import { bringBack, isInside, leaveWalls } from '../hand-over.ts'
import { privateGit } from '../sandbox.ts'
import type { World } from '../world.ts'

const DIVERGED = 'Somebody worked in the lane with plain git while its walls held it.'

type Fate = { readonly kind: 'rejected'; readonly reason: string } | { readonly kind: 'diverged' }

/** What the agent committed comes out of the walls; what it did not stays in the lane's files. Null: all is well. */
async function takeBack(world: World, lane: OwnedLane, epoch: number): Promise<Fate | null> {
  const { admin, path, branch } = lane
  if (!(await isInside(world, lane))) {
    await removeDeadLocks({ commonDir: world.repository.commonDir, admin, path, branch })
    return null
  }
  await removeLocksInside(privateGit(world, lane.id))
  const back = await bringBack(world, lane, String(epoch))
  if (back.kind === 'refused') return { kind: 'rejected', reason: back.reason }
  return (await leaveWalls(world, lane, back.head)) ? null : { kind: 'diverged' }
}

/**
 * A run whose engine is gone, or met a fault in the middle of it: its processes are stopped, everything that the agent
 * did stays in the lane, and the task is free for the next attempt. A crash of ours does not count as an attempt.
 */
export async function recoverRun(world: World, run: RunRow): Promise<void> {
  const leader = run.leader === null ? undefined : (JSON.parse(run.leader) as ProcessIdentity)
  await stopTree(run.token, { leader, grace: 2_000 })
  const lane = await findLane(world.ledger.db, run.laneId)
  const fate = lane === undefined ? null : await takeBack(world, lane, run.epoch)
  await transact(world.ledger, world.actor, async (tx) => {
    await endRun(tx, run, {
      outcome: 'lost',
      detail: run.engine === world.self ? 'The engine met a fault.' : 'The engine that ran it is gone.',
      exitCode: null,
      signal: null,
    })
    if (lane !== undefined && fate?.kind === 'rejected') await rejectLane(tx, lane, fate.reason)
    if (lane !== undefined && fate?.kind === 'diverged') await quarantineLane(tx, lane, DIVERGED)
    const held = await holdsTask(tx, run.taskId, run.epoch)
    return isRefusal(held) ? null : await giveBack(tx, held, 'lost')
  })
}
