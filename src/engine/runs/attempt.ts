import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRefusal, type Refusal } from '../../board/refusal.ts'
import type { Task } from '../../board/task.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { Fault } from '../../host/fault.ts'
import { startWorker, type Worker, type WorkerExit } from '../../host/process/worker.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
import { claimTask, giveBack, holdsTask } from '../../ledger/leases.ts'
import { type RunRow, recordSpawn, startRun } from '../../ledger/runs.ts'
import { notesOf } from '../../ledger/tasks.ts'
import { transact } from '../../ledger/transact.ts'
import { blameDisk, diskIsFull } from '../disk.ts'
import { environmentOf } from '../environment.ts'
import type { World } from '../world.ts'
import type { Activity } from './activity.ts'
import { finishAttempt } from './finish.ts'
import { promptFor } from './prompt.ts'

/** The name under which the engine claims. */
export const ENGINE_HOLDER = 'worklane'

export interface AttemptRules {
  /** Makes the ready lane of a claimed task. Handed in: engine folders do not import each other. */
  readonly ensureLane: (taskId: number, epoch: number) => Promise<OwnedLane | Refusal>
  /** How many may work now; 0 when the user asked to stop. */
  readonly slots: () => number
  /** Command for tasks that name none. */
  readonly command: string | null
  /** Command that what agents complete must pass before it lands. */
  readonly verify: string | null
  readonly activity: Activity
  /** Workers of this process by run, so that a stop can reach them. */
  readonly workers: Map<number, Worker>
}

/** One attempt at one task, from the claim to the verdict. */
export async function attempt(world: World, taskId: number, rules: AttemptRules): Promise<void> {
  const claim = await transact(
    world.ledger,
    world.actor,
    async (tx) => await claimTask(tx, taskId, { holder: ENGINE_HOLDER, length: null }),
  )
  if (isRefusal(claim)) return
  crashPoint('run.claimed')
  const { task } = claim
  const lane = await laneFor(world, task, rules)
  if (lane === null || (await gaveUpInTime(world, task, rules))) return
  const run = await begin(world, task, lane, rules.command)
  if (run === null) return
  crashPoint('run.begun')
  const exit = await work(world, { task, lane, run }, rules)
  crashPoint('run.exited')
  rules.activity.forget(taskId)
  await finishAttempt(world, { task, lane, run, exit, verify: rules.verify })
  throwIfFull(world, new Fault(`The attempt at task ${taskId} could not go on.`, { retry: 'later' }))
}

/** What failed for want of room is tried again after a pause, and its task is not blamed. */
function throwIfFull(world: World, fault: Fault): void {
  if (diskIsFull(world)) throw blameDisk(world, fault)
}

/** Asked to stop before the agent has begun: the task goes back as it came. */
async function gaveUpInTime(world: World, task: Task, rules: AttemptRules): Promise<boolean> {
  if (rules.slots() > 0) return false
  await transact(world.ledger, world.actor, async (tx) => {
    const held = await holdsTask(tx, task.id, task.epoch)
    return isRefusal(held) ? held : await giveBack(tx, held, 'released')
  })
  return true
}

/** A lane that cannot be made costs an attempt and says why; the work of others goes on. */
async function laneFor(world: World, task: Task, rules: AttemptRules): Promise<OwnedLane | null> {
  const giveUp = async (reason: string): Promise<null> => {
    await transact(world.ledger, world.actor, async (tx) => {
      const held = await holdsTask(tx, task.id, task.epoch)
      if (isRefusal(held)) return held
      if (world.stop.aborted || diskIsFull(world)) return await giveBack(tx, held, 'released')
      return await giveBack(tx, held, 'failed', { kind: 'attempt', text: reason })
    })
    return null
  }
  try {
    const lane = await rules.ensureLane(task.id, task.epoch)
    return isRefusal(lane) ? await giveUp(`${lane.message} ${lane.hint}`) : lane
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    await giveUp(`${error.message} ${error.hint}`)
    throwIfFull(world, error)
    return null
  }
}

async function begin(
  world: World,
  task: Task,
  lane: OwnedLane,
  fallback: string | null,
): Promise<RunRow | null> {
  const token = randomUUID()
  const command = task.command ?? fallback
  const run = await transact(world.ledger, world.actor, async (tx) => {
    const held = await holdsTask(tx, task.id, task.epoch)
    if (isRefusal(held)) return held
    if (command === null) {
      const text = 'No agent is set: give one with --command, or agents.command in worklane.yaml.'
      await giveBack(tx, held, 'failed', { kind: 'attempt', text })
      return null
    }
    const directory = join(world.repository.home, 'runs', token)
    return await startRun(tx, {
      taskId: task.id,
      laneId: lane.id,
      epoch: task.epoch,
      command,
      token,
      directory,
      engine: world.self,
    })
  })
  return isRefusal(run) ? null : run
}

interface Attempt {
  readonly task: Task
  readonly lane: OwnedLane
  readonly run: RunRow
}

/** Null: the worker could not be started at all. */
async function work(
  world: World,
  { task, lane, run }: Attempt,
  rules: AttemptRules,
): Promise<WorkerExit | string> {
  const prompt = promptFor(task, await notesOf(world.ledger.db, task.id), lane)
  const promptFile = join(run.directory, 'prompt.md')
  const { agents } = world.settings
  try {
    await mkdir(run.directory, { recursive: true, mode: 0o700 })
    await writeFile(promptFile, prompt)
    const worker = await startWorker({
      command: run.command,
      cwd: lane.path,
      env: await environmentOf(world, lane, { epoch: task.epoch, token: run.token, promptFile }),
      token: run.token,
      prompt,
      outputPath: join(run.directory, 'output.log'),
      outputLimit: agents.outputLimit,
      timeLimit: task.timeLimit ?? agents.timeLimit,
      grace: 5_000,
      onOutput: (line) => rules.activity.note(task.id, line),
    })
    crashPoint('run.spawned')
    rules.workers.set(run.id, worker)
    await transact(
      world.ledger,
      world.actor,
      async (tx) => await recordSpawn(tx, run, JSON.stringify(worker.identity)),
    )
    crashPoint('run.recorded')
    return await worker.exited
  } catch (error) {
    if (error instanceof Fault) return `${error.message} ${error.hint}`.trim()
    throw error
  } finally {
    rules.workers.delete(run.id)
  }
}
