import * as z from 'zod'
import { standing, TASK_STATES } from '../board/task.ts'
import { liveLeases } from '../ledger/leases.ts'
import { quarantinedTasks } from '../ledger/ready.ts'
import { taskLines } from '../ledger/tasks.ts'
import { operation } from './operation.ts'
import { openTasks } from './sandbox.ts'

export default operation({
  summary: 'List the tasks',
  examples: ['worklane task list', 'worklane task list --state pending'],
  withDefaults: 'warned',
  input: z.object({ state: z.enum(TASK_STATES).optional().describe('Only tasks in this state') }),
  async run({ world }, { state }) {
    const tasks = await taskLines(world.ledger.db)
    const holders = new Map((await liveLeases(world.ledger.db)).map((lease) => [lease.taskId, lease.holder]))
    const open = new Set(await openTasks(world))
    const quarantined = await quarantinedTasks(world.ledger.db)
    const shown = [...tasks.values()].filter((task) => state === undefined || task.state === state)
    return {
      tasks: shown.map((task) => ({
        ...task,
        standing: task.state === 'pending' ? standing(task, tasks) : null,
        holder: holders.get(task.id) ?? null,
        /** An agent works on it without walls. */
        open: open.has(task.id),
        /** Two worked in its lane at once, and it waits for a person. */
        quarantined: quarantined.has(task.id),
      })),
    }
  },
})
