import { isRefusal } from '../../board/refusal.ts'
import { removeDeadLocks } from '../../host/git/dead-locks.ts'
import type { ProcessIdentity } from '../../host/process/identity.ts'
import { stopTree } from '../../host/process/tree.ts'
import { findLane } from '../../ledger/lanes.ts'
import { giveBack, holdsTask } from '../../ledger/leases.ts'
import { endRun, type RunRow } from '../../ledger/runs.ts'
import { transact } from '../../ledger/transact.ts'
import type { World } from '../world.ts'

/**
 * A run whose engine is gone: its processes are stopped, everything that the agent did stays in the lane, and the
 * task is free for the next attempt. A crash of ours does not count as an attempt.
 */
export async function recoverRun(world: World, run: RunRow): Promise<void> {
  const leader = run.leader === null ? undefined : (JSON.parse(run.leader) as ProcessIdentity)
  await stopTree(run.token, { leader, grace: 2_000 })
  const lane = await findLane(world.ledger.db, run.laneId)
  if (lane !== undefined) {
    const { admin, path, branch } = lane
    await removeDeadLocks({ commonDir: world.repository.commonDir, admin, path, branch })
  }
  await transact(world.ledger, world.actor, async (tx) => {
    await endRun(tx, run, {
      outcome: 'lost',
      detail: 'The engine that ran it is gone.',
      exitCode: null,
      signal: null,
    })
    const held = await holdsTask(tx, run.taskId, run.epoch)
    return isRefusal(held) ? null : await giveBack(tx, held, 'lost')
  })
}
