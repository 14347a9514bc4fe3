import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LimitCause } from '../../board/overload.ts'
import { isRefusal, type Refusal } from '../../board/refusal.ts'
import type { Task } from '../../board/task.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { asFault, Fault } from '../../host/fault.ts'
import { startWorker, type Worker, type WorkerExit } from '../../host/process/worker.ts'
import { INSIDE } from '../../host/sandbox/walls.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
import { claimTask, giveBack, holdsTask } from '../../ledger/leases.ts'
import { type RunRow, recordSpawn, startRun } from '../../ledger/runs.ts'
import { notesOf } from '../../ledger/tasks.ts'
import { transact } from '../../ledger/transact.ts'
import { blameDisk, diskIsFull } from '../disk.ts'
import { environmentOf } from '../environment.ts'
import type { Guard, GuardedRun } from '../guard.ts'
import { enterWalls, type Inside } from '../hand-over.ts'
import { type LaneDoor, openDoor } from '../lane-door.ts'
import { type Program, programInLane } from '../program.ts'
import { hasWalls, laneRoom } from '../sandbox.ts'
import type { World } from '../world.ts'
import type { Activity } from './activity.ts'
import { enterConflict, type OpenMerge } from './conflict.ts'
import { finishAttempt } from './finish.ts'
import { promptFor } from './prompt.ts'

/** The name under which the engine claims. */
export const ENGINE_HOLDER = 'worklane'

export interface AttemptRules {
  /** Makes the ready lane of a claimed task. Handed in: engine folders do not import each other. */
  readonly ensureLane: (taskId: number, epoch: number) => Promise<OwnedLane | Refusal>
  /** Readies the limits of a run. Handed in like `ensureLane`. */
  readonly guard: (run: GuardedRun) => Promise<Guard>
  /** Answers what agents ask for their own task. Handed in like `ensureLane`. */
  readonly door?: LaneDoor | undefined
  /** How many may work now; 0 when the user asked to stop. */
  readonly slots: () => number
  /** Command for tasks that name none. */
  readonly command: string | null
  /** Command that what agents complete must pass before it lands. */
  readonly verify: string | null
  readonly activity: Activity
  /** Tasks that this process does not start again by itself. */
  readonly put: Set<number>
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
  const done = await work(world, { task, lane, run }, rules)
  crashPoint('run.exited')
  rules.activity.forget(taskId)
  const { hopeless } = await finishAttempt(world, { task, lane, run, ...done, verify: rules.verify })
  if (hopeless) rules.put.add(taskId)
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

/**
 * A lane that cannot be made says why; the work of others goes on. It costs an attempt where the next one may succeed;
 * else the task waits as it is for a person.
 */
async function laneFor(world: World, task: Task, rules: AttemptRules): Promise<OwnedLane | null> {
  const giveUp = async (why: Pick<Refusal, 'code' | 'message' | 'hint'>, waits: boolean): Promise<null> => {
    const kind = why.code === 'walls-open' ? 'walls' : 'attempt'
    const note = { kind, text: inSentences(why) } as const
    const back = await transact(world.ledger, world.actor, async (tx) => {
      const held = await holdsTask(tx, task.id, task.epoch)
      if (isRefusal(held)) return held
      if (world.stop.aborted || diskIsFull(world)) return await giveBack(tx, held, 'released')
      return await giveBack(tx, held, waits ? 'released' : 'failed', note)
    })
    if (waits && !isRefusal(back)) rules.put.add(task.id)
    return null
  }
  try {
    const lane = await rules.ensureLane(task.id, task.epoch)
    return isRefusal(lane) ? await giveUp(lane, true) : lane
  } catch (error) {
    const fault = faultOf(error)
    if (fault === null) throw error
    await giveUp(fault, fault.retry === 'never')
    throwIfFull(world, fault)
    return null
  }
}

/**
 * Before there is a process, what the system refuses ends the attempt as well, and counts: the next start would most
 * likely meet it again. Null: want of room and the ledger's troubles are nobody's fault, and are waited for.
 */
function faultOf(error: unknown): Fault | null {
  if (error instanceof Fault) return error
  const fault = asFault(error)
  return fault?.code === 'fault' ? fault : null
}

function inSentences({ message, hint }: Pick<Refusal, 'message' | 'hint'>): string {
  return `${message.replace(/[^.!?]$/, '$&.')} ${hint}`.trim()
}

async function begin(
  world: World,
  task: Task,
  lane: OwnedLane,
  fallback: string | null,
): Promise<RunRow | null> {
  const token = randomUUID()
  const command = task.command ?? fallback
  const walled = await hasWalls(world)
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
      sandbox: walled ? 'walls' : 'none',
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

interface Done {
  /** A sentence where the worker could not be started. */
  readonly exit: WorkerExit | string
  /** The limit that it met. */
  readonly limit: LimitCause | null
  /** The walls that hold the lane until it is handed back. */
  readonly inside: Inside | null
  /** The merge that the agent found in progress. */
  readonly merge: OpenMerge | null
  /** What the network policy did not let it reach. */
  readonly refused: readonly string[]
}

/** The worker within its limits, until its whole tree is gone. */
async function work(world: World, work: Attempt, rules: AttemptRules): Promise<Done> {
  const { task, lane, run } = work
  let inside: Inside | null = null
  let merge: OpenMerge | null = null
  try {
    inside = (await hasWalls(world)) ? await enterWalls(world, lane) : null
    const conflict = await enterConflict(world, { task, lane, inside, verify: rules.verify })
    merge = conflict?.open ?? null
    const guard = await rules.guard({
      laneId: lane.id,
      token: run.token,
      directories: [lane.path, laneRoom(world, lane.id), run.directory],
      ownUser: inside?.walls.uid != null,
    })
    try {
      const ended = await toTheEnd(world, work, { rules, guard, inside, brief: conflict?.brief ?? null })
      return { ...ended, limit: guard.cause(), inside, merge }
    } finally {
      await guard.close()
    }
  } catch (error) {
    const isThere = rules.workers.has(run.id)
    const fault = isThere && !(error instanceof Fault) ? null : faultOf(error)
    // Its process may live on, and the engine too: `recoverRun` of the next one sees to the rest.
    if (fault === null) {
      rules.workers.get(run.id)?.stop(true)
      throw error
    }
    return { exit: `${fault.message} ${fault.hint}`.trim(), limit: null, inside, merge, refused: [] }
  } finally {
    rules.workers.delete(run.id)
  }
}

interface Means {
  readonly rules: AttemptRules
  readonly guard: Guard
  readonly inside: Inside | null
  /** What the agent is told of the conflict that it is in. */
  readonly brief: string | null
}

async function toTheEnd(
  world: World,
  { task, lane, run }: Attempt,
  { rules, guard, inside, brief }: Means,
): Promise<Pick<Done, 'exit' | 'refused'>> {
  const prompt = promptFor(task, await notesOf(world.ledger.db, task.id), lane, brief)
  const promptFile = join(run.directory, 'prompt.md')
  const { agents } = world.settings
  await mkdir(run.directory, { recursive: true, mode: 0o700 })
  await writeFile(promptFile, prompt)
  const program = await programOf(world, { task, lane, run }, promptFile, rules.door)
  try {
    const worker = await startWorker({
      command: run.command,
      cwd: lane.path,
      env: program.env,
      walled: inside !== null,
      token: run.token,
      prompt,
      outputPath: join(run.directory, 'output.log'),
      outputLimit: agents.outputLimit,
      timeLimit: task.timeLimit ?? agents.timeLimit,
      grace: 5_000,
      wrap: (argv) => guard.enter(program.wrap?.(argv) ?? argv),
      onOutput: (line) => rules.activity.note(task.id, line),
      redact: world.actor.redact,
    })
    crashPoint('run.spawned')
    rules.workers.set(run.id, worker)
    void guard.stopped.then(() => worker.stop(true))
    await transact(
      world.ledger,
      world.actor,
      async (tx) => await recordSpawn(tx, run, JSON.stringify(worker.identity)),
    )
    crashPoint('run.recorded')
    return { exit: await worker.exited, refused: [...program.refused] }
  } finally {
    await program.close()
  }
}

/** Inside walls the prompt lies where nothing else of ours does. */
async function programOf(
  world: World,
  { task, lane, run }: Attempt,
  promptFile: string,
  answer: LaneDoor | undefined,
): Promise<Program> {
  const purpose = { for: 'agent', command: run.command } as const
  const seen = (await hasWalls(world)) ? `${INSIDE}/prompt.md` : promptFile
  const facts = { epoch: task.epoch, token: run.token, purpose, promptFile: seen }
  const env = await environmentOf(world, lane, facts)
  const readable = [{ from: promptFile, to: seen }]
  const { command } = run
  if (answer === undefined) return await programInLane(world, lane, { command, env, purpose, readable })
  const door = await openDoor(world, lane, { epoch: task.epoch, answer })
  try {
    const shown = { command, env: door.env(env), purpose, readable: [...readable, ...door.readable] }
    const program = await programInLane(world, lane, shown)
    return { ...program, close: async () => void (await Promise.all([program.close(), door.close()])) }
  } catch (error) {
    await door.close()
    throw error
  }
}
