import type { Lease } from '../../board/lease.ts'
import { isRefusal } from '../../board/refusal.ts'
import type { Worker } from '../../host/process/worker.ts'
import { findEngine } from '../../ledger/engines.ts'
import { expiredLeases, expireLeases, giveBack, holdsTask, liveLeases } from '../../ledger/leases.ts'
import { nextTasks } from '../../ledger/ready.ts'
import { liveRuns, type RunRow } from '../../ledger/runs.ts'
import { taskStates } from '../../ledger/tasks.ts'
import { transact } from '../../ledger/transact.ts'
import type { Action, Controller } from '../controller.ts'
import type { World } from '../world.ts'
import type { Activity } from './activity.ts'
import { type AttemptRules, attempt, ENGINE_HOLDER } from './attempt.ts'
import { planRuns, type RunStep } from './plan.ts'
import { recoverRun } from './recover.ts'

export interface RunsOptions {
  readonly ensureLane: AttemptRules['ensureLane']
  readonly guard: AttemptRules['guard']
  readonly command: string | null
  readonly verify: AttemptRules['verify']
  readonly activity: Activity
  /** How many may work at once; 0: only repair. Asked at each look, so that a stop takes effect. */
  readonly slots: () => number
  /** Limits which tasks may be started; null: all. Asked at each look. */
  readonly selection: { readonly only: ReadonlySet<number> | null }
}

export interface RunsController extends Controller {
  /** Tasks whose attempts this process has begun. */
  readonly begun: ReadonlySet<number>
  /** Asks every worker of this process to end; `now` without the usual grace. */
  stopAll(now: boolean): void
}

/** Starts attempts on ready tasks, watches them, and repairs what a dead engine left. */
export function runsController(world: World, options: RunsOptions): RunsController {
  const begun = new Set<number>()
  const workers = new Map<number, Worker>()
  /** Tasks that a person stopped, or that wait for one: this process does not start them again by itself. */
  const put = new Set<number>()
  const rules: AttemptRules = { ...options, put, workers }
  return {
    name: 'runs',
    begun,
    stopAll: (now) => {
      for (const worker of workers.values()) worker.stop(now)
    },
    async plan() {
      const { runs, stranded, expired } = await observe(world)
      await passStops(world, runs, { workers, put })
      const slots = options.slots()
      const steps = planRuns({
        ready: slots > 0 ? await startable(world, options.selection.only, put) : [],
        runs: runs.map((run) => ({ ...run, engine: whose(world, run), stop: run.stopRequestedAt !== null })),
        stranded,
        expired,
        begun,
        slots,
      })
      return steps.map((step) => toAction(world, step, { runs, rules, begun }))
    },
  }
}

async function startable(
  world: World,
  only: ReadonlySet<number> | null,
  put: ReadonlySet<number>,
): Promise<number[]> {
  const ready = await nextTasks(world.ledger.db, 1000, only === null ? null : [...only])
  return ready.filter((id) => !put.has(id))
}

/** A task that was cancelled meanwhile may be reopened and start again; one that was only stopped waits for a person. */
async function passStops(
  world: World,
  runs: readonly RunRow[],
  { workers, put }: { workers: ReadonlyMap<number, Worker>; put: Set<number> },
): Promise<void> {
  const asked = runs.filter(({ stopRequestedAt }) => stopRequestedAt !== null)
  if (asked.length === 0) return
  const states = await taskStates(
    world.ledger.db,
    asked.map(({ taskId }) => taskId),
  )
  for (const run of asked) {
    workers.get(run.id)?.stop()
    if (states.get(run.taskId) === 'in_progress') put.add(run.taskId)
  }
}

function whose(world: World, run: RunRow): 'own' | 'alive' | 'gone' {
  if (run.engine === world.self) return 'own'
  return world.isAlive(run.engine) ? 'alive' : 'gone'
}

async function observe(world: World): Promise<{ runs: RunRow[]; stranded: number[]; expired: number[] }> {
  const runs = await liveRuns(world.ledger.db)
  const running = new Set(runs.map((run) => run.taskId))
  const leases = await liveLeases(world.ledger.db)
  const engine = await findEngine(world.ledger.db, 'engine')
  // A living engine elsewhere is just between the claim and the run.
  const attended = engine !== undefined && engine.identity !== world.self && world.isAlive(engine.identity)
  const stranded = leases.filter(
    (lease) =>
      isVoid(world, lease) || (lease.holder === ENGINE_HOLDER && !attended && !running.has(lease.taskId)),
  )
  const expired = await expiredLeases(world.ledger.db, world.actor.moment())
  return { runs, expired, stranded: stranded.map(({ taskId }) => taskId) }
}

/** Whoever asked for it never got an answer. */
function isVoid(world: World, { claimant }: Lease): boolean {
  return claimant !== null && !world.isAlive(claimant)
}

interface Surroundings {
  readonly runs: readonly RunRow[]
  readonly rules: AttemptRules
  readonly begun: Set<number>
}

function toAction(world: World, step: RunStep, around: Surroundings): Action {
  const key = `task/${step.taskId}`
  if (step.action === 'start')
    return {
      key,
      what: `Start an attempt at task ${step.taskId}.`,
      act: async () => {
        around.begun.add(step.taskId)
        await attempt(world, step.taskId, around.rules).finally(() => around.begun.delete(step.taskId))
      },
    }
  if (step.action === 'expire')
    return {
      key,
      what: `Take task ${step.taskId} back.`,
      why: 'Its holder let the lease run out.',
      act: async () => {
        await transact(world.ledger, world.actor, async (tx) => await expireLeases(tx, [step.taskId]))
      },
    }
  if (step.action === 'release')
    return {
      key,
      what: `Free task ${step.taskId}.`,
      why: 'Who claimed it ended before the work began.',
      act: async () => await release(world, step.taskId),
    }
  return {
    key,
    what: `Stop what is left of run ${step.runId} and free task ${step.taskId}.`,
    why: 'The engine that ran it is gone.',
    act: async () => {
      const run = around.runs.find((one) => one.id === step.runId)
      if (run !== undefined) await recoverRun(world, run)
    },
  }
}

async function release(world: World, taskId: number): Promise<void> {
  const lease = (await liveLeases(world.ledger.db)).find(
    (one) => one.taskId === taskId && (one.holder === ENGINE_HOLDER || isVoid(world, one)),
  )
  if (lease === undefined) return
  await transact(world.ledger, world.actor, async (tx) => {
    const held = await holdsTask(tx, taskId, lease.epoch)
    return isRefusal(held) ? held : await giveBack(tx, held, 'lost')
  })
}
