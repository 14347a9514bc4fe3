import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { divergence } from '../board/lane.ts'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { deleteNow } from '../host/files/discard.ts'
import { deleteOwnRefs } from '../host/git/own-refs.ts'
import { branchTip, refTargets } from '../host/git/refs.ts'
import { checkInode } from '../host/git/worktree.ts'
import { runOnTerminal, sparedFromCtrlC } from '../host/process/on-terminal.ts'
import { wallsMissing } from '../host/sandbox/detect.ts'
import { findLane, needLane, type OwnedLane } from '../ledger/lanes.ts'
import { liveRuns } from '../ledger/runs.ts'
import { findTask } from '../ledger/tasks.ts'
import { environmentOf } from './environment.ts'
import { bringBack, enterWalls, isInside, isUntouched, leaveWalls } from './hand-over.ts'
import { productInLane } from './lane-door.ts'
import { programInLane } from './program.ts'
import { laneRoom } from './sandbox.ts'
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

export interface Visit {
  /** Of the shell or command. */
  readonly exitCode: number
  /** Whether it ran inside walls. */
  readonly walls: boolean
  /** What the person committed that did not come out as it should, and where it is; null: all is well. */
  readonly problem: string | null
}

/** Runs a program on the person's own terminal in the lane of a task, and takes in what they committed there. */
export async function visitLane(world: World, taskId: number, invited: Invited): Promise<Visit | Refusal> {
  const lane = await enterable(world, taskId)
  if (isRefusal(lane)) return lane
  const way = await wayInto(world, lane)
  if (isRefusal(way)) return way
  // The settings may say `none` where a run of before has its walls around the lane.
  const inside: World = { ...world, sandbox: way === 'plain' ? 'none' : 'walls' }
  if (way !== 'take')
    return { exitCode: await run(inside, lane, invited), walls: way === 'join', problem: null }
  await enterWalls(inside, lane)
  try {
    const exitCode = await run(inside, lane, invited)
    return { exitCode, walls: true, problem: await comeOut(inside, lane) }
  } catch (error) {
    await comeOut(inside, lane)
    throw error
  }
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

/** What the person committed, where no run takes it out. A sentence for what did not come out as it should. */
async function comeOut(world: World, { id, taskId }: OwnedLane): Promise<string | null> {
  const lane = await findLane(world.ledger.db, id)
  if (lane === undefined || lane.state !== 'ready')
    return `The lane of task ${taskId} was removed meanwhile. What it held then: worklane archive list`
  if (lane.holder === 'walls') return null
  // A run has come and gone meanwhile, and the lane's own git stands open to nobody but this shell.
  if (!(await isInside(world, lane)) && (await isUntouched(world, lane))) await enterWalls(world, lane)
  const tip = await branchTip({ gitDir: world.repository.commonDir }, lane.branch)
  const name = await freeName(world, lane)
  const back = await bringBack(world, lane, name)
  if (back.kind === 'refused')
    return `What was committed does not come out: ${back.reason} It stays in the lane; mend it with: worklane shell ${taskId}`
  const kept = `refs/worklane/${taskId}/${name}`
  if (!(await isInside(world, lane)) || !(await leaveWalls(world, lane, back.head)))
    return `Somebody worked in the lane with plain git meanwhile. What was committed in the shell is kept at ${kept}/head, the branch ${lane.branch} is as they left it.`
  await dropUnlessNew(world, kept, tip)
  return null
}

/** `shell-<n>`, of this lane's shells the first that is free. */
async function freeName(world: World, lane: OwnedLane): Promise<string> {
  const place = join(laneRoom(world, lane.id), 'shells')
  await mkdir(place, { recursive: true, mode: 0o700 })
  for (let n = 1; ; n += 1) {
    // Making a directory is what only one of two at the same time succeeds in.
    const first = await mkdir(join(place, String(n))).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false
        throw error
      },
    )
    if (first) return `shell-${n}`
  }
}

/** Where nothing was committed and nothing named, there is nothing to keep. */
async function dropUnlessNew({ repository }: World, prefix: string, tip: string | null): Promise<void> {
  const { commonDir } = repository
  const refs = await refTargets({ gitDir: commonDir }, prefix)
  if (refs.every(({ oid }) => oid === tip)) await deleteOwnRefs(commonDir, refs)
}
