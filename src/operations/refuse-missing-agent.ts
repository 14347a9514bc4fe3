import { isOneCommand } from '../board/bare-program.ts'
import { UsageError } from '../config/usage-error.ts'
import type { World } from '../engine/world.ts'
import { missingProgram } from '../host/process/missing-program.ts'

/**
 * Says early that there is no such agent, where no task could be worked on. `commands` holds the agent of each task at
 * hand, null for that of the run.
 * @throws UsageError
 */
export async function refuseMissingAgent(
  { repository, settings }: World,
  given: string | undefined,
  commands: readonly (string | null)[],
): Promise<void> {
  const agent = given ?? settings.agents.command
  if (agent === null || !isOneCommand(agent)) return
  const isOnlyOne = commands.length > 0 && commands.every((one) => one === null || one === agent)
  // A set-up may install it in each lane.
  if (!isOnlyOne || settings.lanes.setup !== null) return
  const program = await missingProgram(agent, repository.root)
  if (program === null) return
  throw new UsageError(`There is no program ${program} on your PATH.`, {
    hint: 'Install it, or give another with --command; a script is named by its path, such as ./agent.sh',
    code: 'no-such-agent',
  })
}
