import * as z from 'zod'
import { standingLanes } from '../ledger/lanes.ts'
import { liveRuns } from '../ledger/runs.ts'
import { viewLane } from './lane-view.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'List the lanes',
  examples: ['worklane lane list'],
  input: z.object({}),
  async run({ world: { ledger } }) {
    const runs = await liveRuns(ledger.db)
    const open = new Set(runs.filter(({ sandbox }) => sandbox === 'none').map(({ laneId }) => laneId))
    const lanes = await standingLanes(ledger.db)
    // `open`: an agent works in it without walls.
    return { lanes: lanes.map((lane) => ({ ...viewLane(lane), open: open.has(lane.id) })) }
  },
})
