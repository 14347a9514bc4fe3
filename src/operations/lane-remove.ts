import * as z from 'zod'
import { isRefusal, refuse } from '../board/refusal.ts'
import { moveOutOfTheWay, removeLane } from '../engine/lanes/remove.ts'
import { refuseWhileOpen } from '../engine/visits.ts'
import type { World } from '../engine/world.ts'
import { findEngine } from '../ledger/engines.ts'
import { archiveOf, condemnLane, lanesOf, needLane } from '../ledger/lanes.ts'
import { transact } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Archive a lane and remove it',
  examples: ['worklane lane remove 7', 'worklane lane remove 7 --later'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({
    id: task,
    later: z
      .boolean()
      .optional()
      .describe('Answer once the lane is out of the way; the running engine archives it'),
  }),
  async run({ world }, { id, later }) {
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
      return (await refuseWhileOpen(world, lane, tx.db)) ?? (await condemnLane(tx, lane, 'asked for'))
    })
    if (isRefusal(condemned)) return condemned
    const remove = later === true && (await engineRuns(world)) ? moveOutOfTheWay : removeLane
    const removed = await remove(world, condemned)
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

async function engineRuns(world: World): Promise<boolean> {
  const engine = await findEngine(world.ledger.db, 'engine')
  return engine !== undefined && world.isAlive(engine.identity)
}
