import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { needLane, setLane } from '../ledger/lanes.ts'
import { tell, transact } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { viewLane } from './lane-view.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Keep a lane after its task has landed',
  examples: ['worklane lane keep 7', 'worklane lane keep 7 --off'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task, off: z.boolean().optional().describe('No longer keep it') }),
  run: async ({ world }, { id, off }) =>
    await transact(world.ledger, world.actor, async (tx) => {
      const lane = await needLane(tx.db, id)
      if (isRefusal(lane)) return lane
      const keep = off !== true
      await setLane(tx, lane.id, { keep: Number(keep) })
      await tell(tx, {
        type: keep ? 'lane.kept' : 'lane.unkept',
        subject: `lane/${lane.id}`,
        data: { task: id },
      })
      return viewLane({ ...lane, keep })
    }),
})
