import * as z from 'zod'
import { settleLanes } from '../engine/settle.ts'
import { standingLanes } from '../ledger/lanes.ts'
import { viewLane } from './lane-view.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Remove the lanes of finished tasks',
  examples: ['worklane prune'],
  input: z.object({}),
  async run({ world }) {
    const before = await standingLanes(world.ledger.db)
    await settleLanes(world)
    const after = new Set((await standingLanes(world.ledger.db)).map(({ id }) => id))
    return { removed: before.filter(({ id }) => !after.has(id)).map(viewLane), left: after.size }
  },
})
