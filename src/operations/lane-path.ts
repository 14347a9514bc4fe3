import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { needLane } from '../ledger/lanes.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Print the directory of a lane',
  examples: ['cd "$(worklane lane path 7)"'],
  positional: { field: 'id', label: 'ID' },
  asItIs: true,
  withDefaults: 'warned',
  input: z.object({ id: task }),
  async run({ world }, { id }) {
    const lane = await needLane(world.ledger.db, id)
    return isRefusal(lane) ? lane : { path: lane.path }
  },
})
