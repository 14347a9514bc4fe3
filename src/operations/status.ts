import * as z from 'zod'
import { standing } from '../board/task.ts'
import { rememberedBase } from '../ledger/base.ts'
import { findEngine } from '../ledger/engines.ts'
import { landingQueue } from '../ledger/landings.ts'
import { countLanes } from '../ledger/lanes.ts'
import { liveRuns } from '../ledger/runs.ts'
import { countTasks, listTasks } from '../ledger/tasks.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'How everything stands, in a few lines',
  examples: ['worklane status'],
  input: z.object({}),
  async run({ world }) {
    const { db } = world.ledger
    const engine = await findEngine(db, 'engine')
    const counts = await countTasks(db)
    const queue = await landingQueue(db)
    return {
      base: world.settings.base ?? (await rememberedBase(db)) ?? null,
      engine:
        engine !== undefined && world.isAlive(engine.identity)
          ? { since: new Date(engine.startedAt).toISOString() }
          : null,
      tasks: { pending: 0, in_progress: 0, completed: 0, landed: 0, failed: 0, cancelled: 0, ...counts },
      waiting:
        (counts.pending ?? 0) === 0
          ? { ready: 0, blocked: 0, unreachable: 0 }
          : await waiting(world.ledger.db),
      running: (await liveRuns(db)).length,
      lanes: await countLanes(db),
      landings: queue.map(({ taskId, state, reason, files }) => ({ task: taskId, state, reason, files })),
    }
  },
})

async function waiting(
  db: Parameters<typeof listTasks>[0],
): Promise<{ ready: number; blocked: number; unreachable: number }> {
  const tasks = new Map((await listTasks(db)).map((task) => [task.id, task]))
  const count = { ready: 0, blocked: 0, unreachable: 0 }
  for (const task of tasks.values()) if (task.state === 'pending') count[standing(task, tasks).kind] += 1
  return count
}
