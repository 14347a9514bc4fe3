import * as z from 'zod'
import { isRefusal, refuse } from '../board/refusal.ts'
import { removeLane } from '../engine/lanes/remove.ts'
import { archiveOf, condemnLane, lanesOf, needLane } from '../ledger/lanes.ts'
import { transact } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Archive a lane and remove it',
  examples: ['worklane lane remove 7'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task }),
  async run({ world }, { id }) {
    const condemned = await transact(world.ledger, world.actor, async (tx) => {
      const [latest] = await lanesOf(tx.db, id)
      if (latest?.state === 'condemned' || latest?.state === 'archived') return latest
      const lane = await needLane(tx.db, id)
      if (isRefusal(lane)) return lane
      if (lane.holder === 'walls')
        return refuse(
          'lane-in-use',
          `An agent works in the lane of task ${id}.`,
          `Stop it first: worklane stop ${id}`,
        )
      return await condemnLane(tx, lane, 'asked for')
    })
    if (isRefusal(condemned)) return condemned
    const removed = await removeLane(world, condemned)
    if (isRefusal(removed)) return removed
    const archive = await archiveOf(world.ledger.db, removed.id)
    return {
      task: id,
      state: removed.state,
      path: removed.path,
      branch: removed.branch,
      archive: archive?.directory ?? null,
      restore: `worklane lane restore ${id}`,
    }
  },
})
