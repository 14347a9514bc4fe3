import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { Fault } from '../../host/fault.ts'
import { type CommandResult, runCommand } from '../../host/process/run-command.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
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
  const before =
    lane.fillFrom === null ? [] : (await leftByAgent(world, lane, await laneGit(world, lane))).paths
  await mkdir(laneRoom(world, lane.id), { recursive: true, mode: 0o700 })
  const outputPath = setUpLog(world, lane.id)
  const result = await runSetUp(world, lane, { setup, outputPath })
  if (!result.green)
    throw new Fault(`The set-up command \`${setup}\` failed in the lane of task ${lane.taskId}.`, {
      retry: 'later',
      hint: `Its output is in ${outputPath}; the last lines: ${result.tail.trim().slice(-300)}`,
    })
  await rememberSetUp(world, lane, before)
}

async function runSetUp(
  world: World,
  lane: OwnedLane,
  { setup, outputPath }: { readonly setup: string; readonly outputPath: string },
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
    timeLimit: 30 * 60_000,
    signal: world.hurry,
    redact: world.actor.redact,
  }).finally(program.close)
}
