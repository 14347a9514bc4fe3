import { existsSync } from 'node:fs'
import * as z from 'zod'
import { isRefusal, refuse } from '../board/refusal.ts'
import { laneGit } from '../engine/lane-git.ts'
import { laneRoom } from '../engine/sandbox.ts'
import { diffEverything } from '../host/git/lane-state.ts'
import { needLane } from '../ledger/lanes.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'
import { openTasks } from './sandbox.ts'

export default operation({
  summary: 'Show what a lane changed, uncommitted work included',
  examples: ['worklane lane diff 7', 'worklane lane diff 7 --stat'],
  positional: { field: 'id', label: 'ID' },
  asItIs: true,
  input: z.object({ id: task, stat: z.boolean().optional().describe('Only the files and how much') }),
  async run({ world, mostBytes }, { id, stat }) {
    const lane = await needLane(world.ledger.db, id)
    if (isRefusal(lane)) return lane
    if (!existsSync(lane.path))
      return refuse(
        'lane-missing',
        `The lane of task ${id} is gone from the disk: ${lane.path}`,
        `See what git still has of it: worklane doctor`,
      )
    const place = await laneGit(world, lane)
    const { startPoint: from } = lane
    const options = stat === true ? ['--stat'] : []
    return {
      from,
      /** An agent works in it without walls. */
      open: (await openTasks(world)).includes(id),
      diff: await diffEverything(place, { from, room: laneRoom(world, lane.id), options, mostBytes }),
    }
  },
})
