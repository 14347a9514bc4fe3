import { setTimeout as wait } from 'node:timers/promises'
import * as z from 'zod'
import { isRefusal, refuse } from '../board/refusal.ts'
import { askEngineToStop, findEngine } from '../ledger/engines.ts'
import { liveRuns, requestStop } from '../ledger/runs.ts'
import { needTask } from '../ledger/tasks.ts'
import { transact } from '../ledger/transact.ts'
import { taskId } from './fields.ts'
import { type Context, operation } from './operation.ts'

export default operation({
  summary: 'Stop the engine, or the attempt at one task',
  examples: ['worklane stop', 'worklane stop 7'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({
    id: taskId
      .optional()
      .describe(
        'Only the attempt at this task; it counts as not tried, and the engine that is running leaves it alone',
      ),
  }),
  run: async (context, { id }) => (id === undefined ? await stopEngine(context) : await stopRun(context, id)),
})

async function stopEngine({ world, stop }: Context) {
  const engine = await findEngine(world.ledger.db, 'engine')
  if (engine === undefined || !world.isAlive(engine.identity))
    return refuse(
      'no-engine',
      'No engine works on this repository.',
      'Start one with: worklane run, or worklane up',
    )
  await transact(world.ledger, world.actor, async (tx) => await askEngineToStop(tx))
  while (
    !stop.aborted &&
    world.isAlive(engine.identity) &&
    (await findEngine(world.ledger.db, 'engine'))?.identity === engine.identity
  )
    await wait(50)
  return { stopped: 'engine' }
}

async function stopRun({ world, stop }: Context, id: number) {
  const run = (await liveRuns(world.ledger.db)).find((one) => one.taskId === id)
  const task = await needTask(world.ledger.db, id)
  if (isRefusal(task)) return task
  if (run === undefined)
    return refuse('not-running', `No agent works on task ${id}.`, `See it with: worklane task show ${id}`)
  const asked = await transact(world.ledger, world.actor, async (tx) => await requestStop(tx, run))
  if (isRefusal(asked)) return asked
  while (
    !stop.aborted &&
    world.isAlive(run.engine) &&
    (await liveRuns(world.ledger.db)).some((one) => one.id === run.id)
  )
    await wait(50)
  return { stopped: `task ${id}` }
}
