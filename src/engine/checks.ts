import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { runCommand } from '../host/process/run-command.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { environmentOf } from './environment.ts'
import { programInLane } from './program.ts'
import type { World } from './world.ts'

export interface CheckAnswer {
  readonly green: boolean
  /** The first check that failed, and the end of its output. */
  readonly failed: string
  readonly tail: string
}

/** Runs the task's checks in its lane, one after the other, until one fails. */
export async function runChecks(
  world: World,
  lane: OwnedLane,
  run: { readonly checks: readonly string[]; readonly directory: string; readonly epoch: number },
): Promise<CheckAnswer> {
  for (const [at, command] of run.checks.entries()) {
    const token = randomUUID()
    const purpose = { for: 'check' } as const
    const env = await environmentOf(world, lane, { epoch: run.epoch, token, purpose })
    const program = await programInLane(world, lane, { command, env, purpose })
    const answer = await runCommand({
      command,
      cwd: lane.path,
      env: program.env,
      wrap: program.wrap,
      walled: program.walled,
      token,
      outputPath: join(run.directory, `check-${at + 1}.log`),
      outputLimit: world.settings.agents.outputLimit,
      timeLimit: world.settings.landing.timeLimit,
      signal: world.hurry,
      redact: world.actor.redact,
    }).finally(program.close)
    if (!answer.green) return { green: false, failed: command, tail: answer.tail.trim().slice(-2000) }
  }
  return { green: true, failed: '', tail: '' }
}
