import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import type { EventDraft } from '../../board/event.ts'
import { Fault } from '../../host/fault.ts'
import { type CommandResult, runCommand } from '../../host/process/run-command.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
import { tell, transact } from '../../ledger/transact.ts'
import { environmentOf } from '../environment.ts'
import { laneGit } from '../lane-git.ts'
import { programInLane } from '../program.ts'
import { laneRoom, setUpLog } from '../sandbox.ts'
import { leftByAgent, rememberSetUp } from '../set-up-left.ts'
import type { World } from '../world.ts'

/** Runs the set-up command of the settings, where there is one, in a lane that holds its files. */
export async function setUp(world: World, lane: OwnedLane): Promise<void> {
  const { setup } = world.settings.lanes
  if (setup === null) return
  // A lane that is filled from an archive holds an agent's work before its set-up runs.
  const before = lane.fillFrom === null ? [] : await leftByAgent(world, lane, await laneGit(world, lane))
  await mkdir(laneRoom(world, lane.id), { recursive: true, mode: 0o700 })
  const outputPath = setUpLog(world, lane.id)
  await tellOf(world, lane, { type: 'lane.setup_started', data: { command: setup } })
  const result = await runSetUp(world, lane, { setup, outputPath })
  if (!result.green) throw await failed(world, lane, { setup, outputPath, result })
  await rememberSetUp(world, lane, before)
}

async function failed(
  world: World,
  lane: OwnedLane,
  { setup, outputPath, result }: SetUpRun & { readonly result: CommandResult },
): Promise<Fault> {
  const reason = result.timedOut
    ? `it did not end within ${TIME_LIMIT / 60_000} minutes, the limit of every set-up (agents.timeLimit is only for agents)`
    : lastLines(result.tail)
  await tellOf(world, lane, { type: 'lane.setup_failed', data: { command: setup, reason } })
  const command = setup.trim().replace(/\s+/g, ' ')
  const message = `The set-up command \`${command}\` failed in the lane of task ${lane.taskId}: ${reason}`
  return new Fault(message, { retry: 'later', hint: `All of its output is in ${outputPath}` })
}

/** In one line, as part of a sentence: a reason is shown by its first line. */
function lastLines(tail: string): string {
  const lines = tail
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.length === 0
    ? 'it printed nothing'
    : `its output ends with: ${lines.slice(-3).join(' / ').slice(-300)}`
}

async function tellOf(
  world: World,
  { id, taskId: task }: OwnedLane,
  event: Pick<EventDraft, 'type' | 'data'>,
): Promise<void> {
  const data = { task, ...event.data }
  await transact(
    world.ledger,
    world.actor,
    async (tx) => await tell(tx, { ...event, subject: `lane/${id}`, data }),
  )
}

interface SetUpRun {
  readonly setup: string
  readonly outputPath: string
}

/** A set-up may load much, and has no setting of its own. */
const TIME_LIMIT = 30 * 60_000

async function runSetUp(
  world: World,
  lane: OwnedLane,
  { setup, outputPath }: SetUpRun,
): Promise<CommandResult> {
  const token = randomUUID()
  const purpose = { for: 'setup' } as const
  const env = await environmentOf(world, lane, { epoch: 0, token, purpose })
  const program = await programInLane(world, lane, { command: setup, env, purpose })
  return await runCommand({
    command: setup,
    cwd: lane.path,
    env: program.env,
    wrap: program.wrap,
    walled: program.walled,
    token,
    outputPath,
    outputLimit: world.settings.agents.outputLimit,
    timeLimit: TIME_LIMIT,
    // Not only when they want it now: no agent has worked here since, so nothing is lost with the lane.
    signal: world.stop,
    redact: world.actor.redact,
  }).finally(program.close)
}
