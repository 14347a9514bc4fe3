import * as z from 'zod'
import { standing } from '../board/task.ts'
import { lowDisk } from '../engine/disk.ts'
import { glance } from '../engine/health/glance.ts'
import { waitsFor } from '../engine/limits/admission.ts'
import { limitsHere } from '../engine/limits/here.ts'
import { wallsMissingAtAGlance } from '../host/sandbox/no-walls.ts'
import { rememberedBase } from '../ledger/base.ts'
import { findEngine } from '../ledger/engines.ts'
import { isLandingPaused } from '../ledger/landing-pause.ts'
import { landingQueue } from '../ledger/landings.ts'
import { countLanes } from '../ledger/lanes.ts'
import { countOverlaps } from '../ledger/overlaps.ts'
import { quarantinedTasks } from '../ledger/ready.ts'
import { liveRuns } from '../ledger/runs.ts'
import { type TaskLine, taskLines } from '../ledger/tasks.ts'
import { operation } from './operation.ts'
import { viewPush } from './push-view.ts'

export default operation({
  summary: 'How everything stands, in a few lines',
  examples: ['worklane status'],
  asItIs: true,
  tellsWalls: true,
  withDefaults: 'warned',
  input: z.object({}),
  async run({ world }) {
    const { db } = world.ledger
    const engine = await findEngine(db, 'engine')
    const queue = await landingQueue(db)
    const counts = count(await taskLines(db), await quarantinedTasks(db))
    const runs = await liveRuns(db)
    const running = runs.length
    return {
      base: world.settings.base ?? (await rememberedBase(db)) ?? null,
      engine:
        engine !== undefined && world.isAlive(engine.identity)
          ? { since: new Date(engine.startedAt).toISOString() }
          : null,
      disk: lowDisk(world),
      /** In what agents are started from here, and how many are at work without walls now. */
      sandbox: {
        mode: world.sandbox,
        open: runs.filter(({ sandbox }) => sandbox === 'none').length,
        /** Why no agent would be started, as far as a glance tells. */
        missing: world.sandbox === 'none' ? null : (wallsMissingAtAGlance()?.why ?? null),
      },
      /** What ready tasks wait for besides their turn. */
      limits: waitsFor(world, { ready: counts.waiting.ready, running }),
      /** What a lane may use, and what holds it to that. */
      laneLimits: limitsHere(world),
      ...counts,
      running,
      lanes: await countLanes(db),
      /** Those that are cheap to see; `doctor` looks further. */
      findings: (await glance(world)).length,
      /** Of the last look at the lanes; `radar` looks again. */
      overlaps: await countOverlaps(db),
      landingPaused: await isLandingPaused(db),
      /** Of base, by the settings; null where none is asked for, or nothing has landed yet. */
      push: await viewPush(world),
      landings: queue.map(({ taskId, state, reason, files }) => ({ task: taskId, state, reason, files })),
    }
  },
})

function count(lines: ReadonlyMap<number, TaskLine>, quarantined: ReadonlySet<number>) {
  const tasks = { pending: 0, in_progress: 0, completed: 0, landed: 0, failed: 0, cancelled: 0 }
  const waiting = { ready: 0, blocked: 0, unreachable: 0, quarantined: 0 }
  for (const line of lines.values()) {
    tasks[line.state] += 1
    if (line.state === 'pending')
      waiting[quarantined.has(line.id) ? 'quarantined' : standing(line, lines).kind] += 1
  }
  return { tasks, waiting }
}
