import { setTimeout as wait } from 'node:timers/promises'
import * as z from 'zod'
import { refuse } from '../board/refusal.ts'
import { standing, type Task, type TaskState } from '../board/task.ts'
import type { World } from '../engine/world.ts'
import { findEngine } from '../ledger/engines.ts'
import { listTasks } from '../ledger/tasks.ts'
import { duration, taskId } from './fields.ts'
import { operation } from './operation.ts'

const FINISHED: readonly TaskState[] = ['landed', 'failed', 'cancelled']
/** Milliseconds between two looks at whether the engine lives: one that was killed changes nothing in the ledger. */
const ENGINE_EVERY = 1_000

export default operation({
  summary: 'Wait until tasks are finished',
  examples: ['worklane wait', 'worklane wait 3 4 --timeout 10m'],
  positional: { field: 'ids', label: 'ID', many: true },
  withDefaults: 'warned',
  input: z.object({
    ids: z.array(taskId).optional().describe('Which tasks; all when left out'),
    timeout: duration.optional().describe('Give up after this time'),
  }),
  async run({ world, stop, report }, { ids, timeout }) {
    let alone = false
    const until = timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeout
    for (;;) {
      const seen = world.ledger.changeCount()
      // Before the tasks: an engine that ends has finished them by then.
      const isAlone = !(await hasEngine(world))
      const tasks = await listTasks(world.ledger.db)
      const missing = ids?.find((id) => !tasks.some((task) => task.id === id))
      if (missing !== undefined)
        return refuse(
          'no-such-task',
          `There is no task ${missing}.`,
          'See the numbers with: worklane task list',
        )
      const wanted = tasks.filter(({ id }) => ids === undefined || ids.includes(id))
      const all = new Map(tasks.map((task) => [task.id, task]))
      const open = wanted.filter(({ state }) => !FINISHED.includes(state))
      const never = open.filter(
        (task) => task.state === 'pending' && standing(task, all).kind === 'unreachable',
      )
      if (never.length > 0 && never.length === open.length)
        return refuse(
          'unreachable',
          `Never ready, because what they wait for did not land: ${never.map(({ id }) => `task ${id}`).join(', ')}.`,
          'Retry or cancel those: worklane task list',
        )
      if (open.length === 0) return { tasks: wanted.map(({ id, state }) => ({ id, state })) }
      if (stop.aborted || performance.now() >= until)
        return refuse(
          'still-open',
          `Not finished yet: ${open.map(({ id }) => `task ${id}`).join(', ')}.`,
          'See how they stand with: worklane status',
        )
      if (isAlone && !alone) report({ kind: 'warning', text: waitingAlone(open) })
      alone = isAlone
      const soon = Math.min(until, performance.now() + ENGINE_EVERY)
      while (!stop.aborted && performance.now() < soon && world.ledger.changeCount() === seen) await wait(50)
    }
  },
})

async function hasEngine({ ledger, isAlive }: World): Promise<boolean> {
  const engine = await findEngine(ledger.db, 'engine')
  return engine !== undefined && isAlive(engine.identity)
}

/** An engine may come, so it is waited for; but nobody is to wait and not know for what. */
function waitingAlone(open: readonly Task[]): string {
  const named = open.slice(0, 5).map(({ id, state }) => `task ${id} (${state.replace('_', ' ')})`)
  const more = open.length > 5 ? ` and ${open.length - 5} more` : ''
  return `Waiting for ${named.join(', ')}${more}. No engine is at work; start one with: worklane up`
}
