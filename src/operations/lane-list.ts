import * as z from 'zod'
import { standingLanes } from '../ledger/lanes.ts'
import { viewLane } from './lane-view.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'List the lanes',
  examples: ['worklane lane list'],
  input: z.object({}),
  run: async ({ world }) => ({ lanes: (await standingLanes(world.ledger.db)).map(viewLane) }),
})
