import type { RefAt } from '../../board/shared-state.ts'
import { isNamed } from '../../host/git/refs.ts'
import { readShared } from '../../host/git/shared-state.ts'
import { acceptedShared, acceptShared, goneRefs, recordShared } from '../../ledger/shared-state.ts'
import { transact } from '../../ledger/transact.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'
import { bareFindings, goneFindings, judge } from './shared-findings.ts'
import { lookAtShared } from './shared-watch.ts'

/** What differs from what a person took for right in what all worktrees share, and refs of others that are gone. */
export async function sharedFindings({
  repository: { commonDir },
  ledger: { db },
}: World): Promise<Finding[]> {
  const accepted = await acceptedShared(db)
  if (accepted === undefined) return bareFindings(commonDir)
  const now = await readShared(commonDir)
  return [
    ...bareFindings(commonDir),
    ...judge(accepted, now, commonDir),
    ...goneFindings(await unnamed(commonDir, await goneRefs(db, now.refs))),
  ]
}

/** A branch that was merged is removed every day. */
async function unnamed(commonDir: string, gone: readonly RefAt[]): Promise<RefAt[]> {
  const named = await Promise.all(gone.map(async ({ at }) => await isNamed({ gitDir: commonDir }, at)))
  return gone.filter((_, at) => named[at] !== true)
}

/** Takes all of it for right as it is now, after it was told what has changed. */
export async function acceptSharedState(world: World): Promise<void> {
  const look = await lookAtShared(world)
  await transact(world.ledger, world.actor, async (tx) => {
    await recordShared(tx, look)
    await acceptShared(tx, look.state)
  })
}
