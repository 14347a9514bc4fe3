import * as z from 'zod'
import { isLandingPaused } from '../ledger/landing-pause.ts'
import { landingQueue } from '../ledger/landings.ts'
import { verifyRuns } from '../ledger/verify-runs.ts'
import { whole } from './fields.ts'
import { operation } from './operation.ts'
import { openTasks } from './sandbox.ts'

export default operation({
  summary: 'Show the landing queue, and what was verified',
  examples: ['worklane landing list', 'worklane landing list --runs 100'],
  withDefaults: 'warned',
  input: z.object({
    runs: whole(0, 10_000).optional().describe('How many of the last verify runs (default 10)'),
  }),
  async run({ world }, { runs }) {
    const { db } = world.ledger
    const [queue, verified] = [await landingQueue(db), await verifyRuns(db, runs ?? 10)]
    return {
      paused: await isLandingPaused(db),
      /** Tasks with an agent at work that no walls hold. */
      open: await openTasks(world),
      queue: queue.map(({ taskId, state, base, verify, reason, files }) => ({
        task: taskId,
        state,
        base,
        verify,
        reason,
        files,
      })),
      runs: verified.map(({ id, tasks, commit, command, result, log, slot, startedAt, endedAt }) => ({
        run: id,
        /** Whose work was in it, above base; none: base itself. */
        tasks,
        commit,
        command,
        /** Null: it runs. */
        result,
        log,
        slot,
        startedAt: new Date(startedAt).toISOString(),
        /** Milliseconds. */
        took: endedAt === null ? null : endedAt - startedAt,
      })),
    }
  },
})
