import * as z from 'zod'
import { isRefusal, refuse } from '../board/refusal.ts'
import { UsageError } from '../config/usage-error.ts'
import { recoverRun } from '../engine/runs/recover.ts'
import type { World } from '../engine/world.ts'
import { liveLane } from '../ledger/lanes.ts'
import { giveBack, holdsTask, liveLease } from '../ledger/leases.ts'
import { liveRuns, requestStop } from '../ledger/runs.ts'
import { needTask } from '../ledger/tasks.ts'
import { type Tx, transact } from '../ledger/transact.ts'
import { epoch, task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Give a task back; its lane is kept',
  examples: ['worklane release 7 --epoch 1', 'worklane release 7 --force'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({
    id: task,
    epoch: epoch.optional(),
    force: z
      .boolean()
      .optional()
      .describe('Take it from whoever holds it; the next holder gets a fresh directory'),
    note: z.string().max(10_000).optional().describe('For whoever takes it next'),
  }),
  async run({ world }, { id, epoch: mine, force, note }) {
    if (mine === undefined && force !== true)
      throw new UsageError('Say which claim you give back.', {
        hint: `worklane release ${id} --epoch N, or --force to take it from its holder.`,
      })
    if (mine !== undefined) {
      const held = await transact(world.ledger, world.actor, async (tx) => await holdsTask(tx, id, mine))
      if (isRefusal(held)) return held
    }
    const lane = (await liveLane(world.ledger.db, id)) !== undefined
    if (await recovered(world, id)) return { id, state: 'pending', stopping: false, lane }
    return await transact(world.ledger, world.actor, async (tx) => {
      const held = mine === undefined ? await needTask(tx.db, id) : await holdsTask(tx, id, mine)
      if (isRefusal(held)) return held
      if ((await liveLease(tx.db, id)) === null)
        return refuse('not-claimed', `Nobody holds task ${id}.`, `It is ${held.state}.`)
      const stopping = await stopItsRun(tx, id)
      if (stopping) return { id, state: held.state, stopping, lane }
      const back = await giveBack(
        tx,
        held,
        force === true ? 'forced' : 'released',
        note === undefined ? undefined : { kind: 'release', text: note },
      )
      return isRefusal(back) ? back : { id, state: back.state, stopping, lane }
    })
  },
})

/** A run whose engine is gone is over: its processes are stopped and its task comes back. */
async function recovered(world: World, taskId: number): Promise<boolean> {
  const run = (await liveRuns(world.ledger.db)).find((one) => one.taskId === taskId)
  if (run === undefined || world.isAlive(run.engine)) return false
  await recoverRun(world, run)
  return true
}

/** A run of ours gives its task back itself, once its processes are gone. */
async function stopItsRun(tx: Tx, taskId: number): Promise<boolean> {
  const run = (await liveRuns(tx.db)).find((one) => one.taskId === taskId)
  if (run !== undefined) await requestStop(tx, run)
  return run !== undefined
}
