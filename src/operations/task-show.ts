import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { standing } from '../board/task.ts'
import { latestLanding } from '../ledger/landings.ts'
import { lanesOf } from '../ledger/lanes.ts'
import { liveLease } from '../ledger/leases.ts'
import { runsOf } from '../ledger/runs.ts'
import { needTask, notesOf, taskMap } from '../ledger/tasks.ts'
import { task } from './fields.ts'
import { keptBeside } from './kept-beside.ts'
import { isInterrupted } from './occupants.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Show one task with all that is known about it',
  examples: ['worklane task show 7'],
  positional: { field: 'id', label: 'ID' },
  withDefaults: 'warned',
  input: z.object({ id: task }),
  async run({ world }, { id }) {
    const { db } = world.ledger
    const found = await needTask(db, id)
    if (isRefusal(found)) return found
    const lanes = await lanesOf(db, id)
    return {
      ...found,
      standing: found.state === 'pending' ? standing(found, await taskMap(db)) : null,
      /** What its programs may reach: by its own word, or by the settings. */
      reaches: found.network ?? world.settings.sandbox.network,
      lease: await liveLease(db, id),
      lanes,
      /** What came out of its lanes beside the result. */
      kept: await keptBeside(world, lanes[0]),
      runs: (await runsOf(db, id)).map((run) => ({ ...run, interrupted: isInterrupted(world, run) })),
      landing: (await latestLanding(db, id)) ?? null,
      notes: await notesOf(db, id),
    }
  },
})
