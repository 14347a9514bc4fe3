import * as z from 'zod'
import type { Controller } from '../engine/controller.ts'
import { Engine } from '../engine/engine.ts'
import type { Finding } from '../engine/health/finding.ts'
import { lookAround } from '../engine/health/look.ts'
import { landingController } from '../engine/landing/controller.ts'
import { lanesController } from '../engine/lanes/controller.ts'
import { ensureLane } from '../engine/lanes/ensure.ts'
import { Activity } from '../engine/runs/activity.ts'
import { runsController } from '../engine/runs/controller.ts'
import { leave, take } from '../engine/session.ts'
import { findEngine } from '../ledger/engines.ts'
import { type Context, operation } from './operation.ts'

export default operation({
  summary: 'Find what is not as it should be, and repair it',
  examples: ['worklane doctor', 'worklane doctor --fix'],
  input: z.object({ fix: z.boolean().optional().describe('Carry the repairs out that are safe') }),
  async run(context, { fix }) {
    const findings = await look(context)
    if (fix !== true) return { findings, fixed: [] }
    await repair(context)
    const left = await look(context)
    return { findings: left, fixed: findings.filter((one) => !left.some(({ what }) => what === one.what)) }
  },
})

/** The engine's own controllers, which only repair: no attempt is started, nothing new is landed. */
function repairers({ world }: Context, mayLand: () => Promise<boolean>): Controller[] {
  const runs = runsController(world, {
    ensureLane: async (taskId, epoch) => await ensureLane(world, taskId, epoch),
    command: null,
    activity: new Activity(),
    slots: () => 0,
    selection: { only: null },
  })
  return [
    lanesController(world),
    runs,
    landingController(world, { verify: null, mayLand, paused: () => true }),
  ]
}

async function look(context: Context): Promise<Finding[]> {
  const plans = await Promise.all(
    repairers(context, async () => await nobodyLands(context)).map(
      async (controller) => await controller.plan(),
    ),
  )
  const fix = 'worklane doctor --fix'
  const planned = plans.flat().map(({ key, what, why }) => ({
    code: key.split('/')[0] ?? key,
    what,
    why: why ?? '',
    fix,
    fixable: true,
  }))
  return [...planned, ...(await lookAround(context.world))]
}

async function nobodyLands({ world }: Context): Promise<boolean> {
  const row = await findEngine(world.ledger.db, 'landing')
  return row === undefined || !world.isAlive(row.identity)
}

async function repair(context: Context): Promise<void> {
  const { world } = context
  // With a living engine its controllers do this already.
  if (!(await take(world, 'engine'))) return
  try {
    const engine = new Engine(
      world,
      repairers(context, async () => await take(world, 'landing')),
    )
    await engine.settle()
    await engine.drain()
  } finally {
    await leave(world)
  }
}
