import { landingQueue, moveLanding } from '../../ledger/landings.ts'
import { transact } from '../../ledger/transact.ts'
import type { World } from '../world.ts'

export interface RetryRequest {
  /** Null: all. */
  readonly only: ReadonlySet<number> | null
  /** What who asks would verify with: what the entries came with may be what failed. Null: that is kept. */
  readonly verify: string | null
}

/**
 * Queues the entries again that faults of the machine hold, each with a clean count: a person asked, and may have
 * mended what failed. What files hold is freed by looking at them. Any process may do this, whoever lands.
 */
export async function retryFaulty(world: World, { only, verify }: RetryRequest): Promise<void> {
  const isWanted = (id: number): boolean => only === null || only.has(id)
  await transact(world.ledger, world.actor, async (tx) => {
    for (const { id, taskId, state, candidate, ...entry } of await landingQueue(tx.db))
      if (state === 'held' && candidate === null && isWanted(taskId))
        await moveLanding(tx, id, 'release', {
          reason: null,
          files: [],
          faults: 0,
          verify: verify ?? entry.verify,
        })
    return null
  })
}
