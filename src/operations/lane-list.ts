import * as z from 'zod'
import { standingLanes } from '../ledger/lanes.ts'
import { viewLane } from './lane-view.ts'
import { operation } from './operation.ts'
import { openTasks } from './sandbox.ts'

export default operation({
  summary: 'List the lanes',
  examples: ['worklane lane list'],
  withDefaults: 'warned',
  input: z.object({}),
  async run({ world }) {
    const open = new Set(await openTasks(world))
    const lanes = await standingLanes(world.ledger.db)
    // `open`: an agent works in it without walls.
    return { lanes: lanes.map((lane) => ({ ...viewLane(lane), open: open.has(lane.taskId) })) }
  },
})
