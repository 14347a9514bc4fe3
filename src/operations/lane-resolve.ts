import * as z from 'zod'
import { isRefusal, refuse } from '../board/refusal.ts'
import { moveLane, needLane } from '../ledger/lanes.ts'
import { transact } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { viewLane } from './lane-view.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Say that a lane in which two worked at once is in order again',
  examples: ['worklane lane resolve 7'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task }),
  run: async ({ world }, { id }) =>
    await transact(world.ledger, world.actor, async (tx) => {
      const lane = await needLane(tx.db, id)
      if (isRefusal(lane)) return lane
      if (lane.state !== 'quarantined')
        return refuse(
          'not-quarantined',
          `The lane of task ${id} is ${lane.state}.`,
          'There is nothing to resolve.',
        )
      const resolved = await moveLane(tx, lane, 'resolve', {}, { type: 'lane.resolved' })
      return isRefusal(resolved) ? resolved : viewLane(resolved)
    }),
})
