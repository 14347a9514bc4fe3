import * as z from 'zod'
import { standingLanes } from '../ledger/lanes.ts'
import { viewLane } from './lane-view.ts'
import { occupantsOf } from './occupants.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'List the lanes',
  examples: ['worklane lane list'],
  withDefaults: 'warned',
  input: z.object({}),
  async run({ world }) {
    const occupants = await occupantsOf(world)
    const lanes = await standingLanes(world.ledger.db)
    return { lanes: lanes.map((lane) => ({ ...viewLane(lane), ...occupants(lane) })) }
  },
})
