import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { divergence } from '../board/lane.ts'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import type { TaskState } from '../board/task.ts'
import { deleteNow } from '../host/files/discard.ts'
import { checkInode } from '../host/git/worktree.ts'
import { runOnTerminal, sparedFromCtrlC } from '../host/process/on-terminal.ts'
import { wallsMissing } from '../host/sandbox/detect.ts'
import { needLane, type OwnedLane } from '../ledger/lanes.ts'
import { liveRuns } from '../ledger/runs.ts'
import { findTask } from '../ledger/tasks.ts'
import { transact } from '../ledger/transact.ts'
import { enterLane, leaveLane } from '../ledger/visits.ts'
import { type CameOut, comeOut } from './come-out.ts'
import { environmentOf } from './environment.ts'
import { enterWalls, isInside } from './hand-over.ts'
import { productInLane } from './lane-door.ts'
import { programInLane } from './program.ts'
import { laneRoom } from './sandbox.ts'
import { killedShells } from './visits.ts'
import type { World } from './world.ts'

/**
 * How a person gets into a lane: `plain`, without walls; `join`: an agent works inside, and what the person does comes
 * out with its run; `take`: the walls are the person's own.
 */
type Way = 'plain' | 'join' | 'take'

/** What a person wants to run there. */
export interface Invited {
  readonly argv: readonly string[]
  /** Its program, which walls have to show; where the words after it lead stays hidden. */
  readonly program: string
  /** Our own descriptor that it prints to. */
  readonly output: 1 | 2
}

/** How a person comes in, to be told before the terminal is theirs. */
export interface Entry {
  readonly lane: OwnedLane
  readonly task: TaskState | null
  readonly walls: boolean
  /** An agent is at work there: commits come out with its run. */
  readonly agent: boolean
}

export interface Visit extends Omit<CameOut, 'untaken'> {
  /** Of the shell or command. */
  readonly exitCode: number
  /** Whether it ran inside walls. */
  readonly walls: boolean
}

/** Runs a program on the person's own terminal in the lane of a task, and takes in what they committed there. */
export async function visitLane(
  world: World,
  taskId: number,
  invited: Invited,
  tell: (entry: Entry) => void,
): Promise<Visit | Refusal> {
  const lane = await enterable(world, taskId)
  if (isRefusal(lane)) return lane
  const way = await wayInto(world, lane)
  if (isRefusal(way)) return way
  // The settings may say `none` where a run of before has its walls around the lane.
  const walls = way !== 'plain'
  const inside: World = { ...world, sandbox: walls ? 'walls' : 'none' }
  const visit = await transact(world.ledger, world.actor, async (tx) => await enterLane(tx, lane, world.self))
  if (isRefusal(visit)) return visit
  const leave = async (): Promise<CameOut> => {
    const out = await comeOut(inside, lane, { walls })
    // All who were here, since what they committed came out too.
    const ended = out.untaken ? [] : [visit, ...(await killedShells(world, lane.id))]
    await transact(world.ledger, world.actor, async (tx) => await leaveLane(tx, lane, ended))
    return out
  }
  let exitCode: number
  try {
    if (way === 'take') await enterWalls(inside, lane)
    tell({ lane, walls, ...(await whoIsThere(world, lane)) })
    exitCode = await run(inside, lane, invited)
  } catch (error) {
    await leave()
    throw error
  }
  const { untaken: _, ...out } = await leave()
  return { exitCode, walls, ...out }
}

async function whoIsThere(world: World, lane: OwnedLane): Promise<Pick<Entry, 'task' | 'agent'>> {
  const { db } = world.ledger
  const task = (await findTask(db, lane.taskId))?.state ?? null
  return { task, agent: (await liveRuns(db)).some(({ laneId }) => laneId === lane.id) }
}

async function enterable(world: World, taskId: number): Promise<OwnedLane | Refusal> {
  const lane = await needLane(world.ledger.db, taskId)
  if (isRefusal(lane)) return lane
  if (lane.state === 'creating')
    return refuse(
      'lane-not-ready',
      `The lane of task ${taskId} is being made.`,
      `Try again when it is ready: worklane lane show ${taskId}`,
    )
  if (lane.state === 'quarantined') {
    const { what, fix } = divergence(lane)
    return refuse('lane-quarantined', what, fix)
  }
  if (lane.state === 'ready' && lane.owner !== null)
    return refuse(
      'lane-busy',
      `The lane of task ${taskId} is being brought up to date with ${lane.base}.`,
      'Try again in a moment; if that was interrupted: worklane doctor --fix',
    )
  if (lane.state === 'ready' && (await checkInode(lane.path, lane.inode)) === 'ours') return lane
  return refuse(
    'lane-missing',
    `The directory of the lane of task ${taskId} is gone: ${lane.path}`,
    'See what there is to be done: worklane doctor',
  )
}

async function wayInto(world: World, lane: OwnedLane): Promise<Way | Refusal> {
  const run = (await liveRuns(world.ledger.db)).find(({ laneId }) => laneId === lane.id)
  if (run?.sandbox === 'none') return 'plain'
  const held = await isInside(world, lane)
  if (run !== undefined && !held)
    return refuse(
      'lane-busy',
      `An agent is just beginning or ending its work in the lane of task ${lane.taskId}.`,
      'Try again in a moment.',
    )
  if (!held && world.sandbox === 'none') return 'plain'
  const missing = await wallsMissing()
  if (missing !== null) return refuse('no-walls', missing.why, missing.remedy)
  return run === undefined ? 'take' : 'join'
}

/** On the terminal of the person, with what every program in the lane has. */
async function run(
  world: World,
  lane: OwnedLane,
  { argv, program: command, output }: Invited,
): Promise<number> {
  const purpose = { for: 'check' } as const
  const epoch = (await findTask(world.ledger.db, lane.taskId))?.epoch ?? 0
  const env = await environmentOf(world, lane, { epoch, token: randomUUID(), purpose })
  const product = productInLane()
  const room = await ownRoom(world, lane)
  try {
    const shown = { command, env: product.env(env), purpose, readable: product.readable, room }
    const program = await programInLane(world, lane, shown)
    const { wrap } = program
    const start = { cwd: lane.path, env: program.env, output, signal: world.stop }
    return await runOnTerminal({
      ...start,
      argv: wrap === undefined ? argv : await sparedFromCtrlC(wrap, argv),
    }).finally(program.close)
  } finally {
    await deleteNow([room])
  }
}

/**
 * HOME and /tmp of this shell alone. An agent may work in the lane, or begin to while the shell is open: where one
 * program of a lane can write, nothing is brought or mounted for another.
 */
async function ownRoom(world: World, { id }: OwnedLane): Promise<string> {
  const room = laneRoom(world, id)
  await mkdir(room, { recursive: true, mode: 0o700 })
  return await mkdtemp(join(room, 'shell-'))
}
