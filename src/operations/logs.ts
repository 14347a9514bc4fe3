import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import * as z from 'zod'
import { isRefusal, refuse } from '../board/refusal.ts'
import { setUpLog } from '../engine/sandbox.ts'
import { findLane, lanesOf } from '../ledger/lanes.ts'
import { liveRuns, runsOf } from '../ledger/runs.ts'
import { needTask } from '../ledger/tasks.ts'
import { lastVerifyLog } from '../ledger/verify-runs.ts'
import { task, whole } from './fields.ts'
import { type Context, operation } from './operation.ts'

export default operation({
  summary: 'Show what an agent printed',
  examples: ['worklane logs 7', 'worklane logs 7 --follow', 'worklane logs 7 --verify'],
  positional: { field: 'id', label: 'ID' },
  aliases: { f: 'follow' },
  asItIs: true,
  withDefaults: 'warned',
  input: z.object({
    id: task,
    attempt: whole(1, 100_000).optional().describe('Which attempt, from 1 (default: the last)'),
    follow: z.boolean().optional().describe('Go on while the agent works'),
    verify: z.boolean().optional().describe('What the verify command printed instead'),
  }),
  async run(context, { id, attempt, follow, verify }) {
    const { world } = context
    const found = await needTask(world.ledger.db, id)
    if (isRefusal(found)) return found
    if (verify === true) return await verifyLog(context, id)
    const runs = (await runsOf(world.ledger.db, id)).reverse()
    const run = attempt === undefined ? runs.at(-1) : runs[attempt - 1]
    if (run === undefined) {
      const setUp = attempt === undefined ? await setUpOf(context, id, follow === true) : null
      if (setUp !== null) return setUp
      return refuse(
        'no-output',
        `No agent has worked on task ${id}${attempt === undefined ? '' : ` ${attempt} times`} yet.`,
        'Agents are started by: worklane run',
      )
    }
    const path = join(run.directory, 'output.log')
    const live = async (): Promise<boolean> =>
      follow === true &&
      (await liveRuns(world.ledger.db)).some((one) => one.id === run.id && world.isAlive(one.engine))
    const bytes = await print(context, path, live)
    return {
      task: id,
      run: run.id,
      attempt: runs.indexOf(run) + 1,
      path,
      bytes,
      sandbox: run.sandbox,
      outcome: run.outcome,
      exitCode: run.exitCode,
    }
  },
})

/** What the set-up of the task's last lane printed; null: none has run. */
async function setUpOf(context: Context, id: number, follow: boolean) {
  const { ledger, isAlive } = context.world
  const lane = (await lanesOf(ledger.db, id)).find((one) => existsSync(setUpLog(context.world, one.id)))
  if (lane === undefined) return null
  const path = setUpLog(context.world, lane.id)
  const text = `No agent has worked on task ${id} yet. This is what the set-up of its lane printed:`
  context.report({ kind: 'warning', text })
  const live = async (): Promise<boolean> => {
    const now = follow ? await findLane(ledger.db, lane.id) : undefined
    return now?.state === 'creating' && now.owner !== null && isAlive(now.owner)
  }
  return { task: id, setUp: true, path, bytes: await print(context, path, live) }
}

async function verifyLog(context: Context, id: number) {
  const { world } = context
  const path = await lastVerifyLog(world.ledger.db, id)
  if (path === null)
    return refuse('no-output', `Task ${id} was never verified.`, 'It must be completed first.')
  return { task: id, path, bytes: await print(context, path, async () => false) }
}

/** Reports the file from its start, and what is added to it for as long as `live` says so. */
async function print({ report, stop }: Context, path: string, live: () => Promise<boolean>): Promise<number> {
  const file = await open(path).catch(() => null)
  if (file === null) return 0
  try {
    const buffer = Buffer.alloc(64 * 1024)
    const decoder = new TextDecoder()
    for (let total = 0; ; ) {
      const alive = await live()
      const { bytesRead } = await file.read(buffer, 0, buffer.length, total)
      total += bytesRead
      if (bytesRead > 0)
        report({ kind: 'text', text: decoder.decode(buffer.subarray(0, bytesRead), { stream: true }) })
      else if (!alive || stop.aborted) return total
      else await wait(100)
    }
  } finally {
    await file.close()
  }
}
