import { programName } from '../board/program-name.ts'
import { withheldKeys } from '../config/provider-keys.ts'
import { listTasks } from '../ledger/tasks.ts'
import type { Context } from './operation.ts'

/** Says which keys agents do not get because nothing tells that they need them; one line for each command. */
export async function tellWithheld(
  { world, report }: Pick<Context, 'world' | 'report'>,
  fallback: string | null,
  only: ReadonlySet<number> | null,
): Promise<void> {
  const open = (await listTasks(world.ledger.db)).filter(
    ({ id, state }) => state === 'pending' && (only === null || only.has(id)),
  )
  const commands = new Set(open.map(({ command }) => command ?? fallback))
  for (const command of commands) {
    if (command === null) continue
    const keys = withheldKeys(command, process.env, world.settings.agents.environment)
    if (keys.length > 0) report({ kind: 'text', text: sentence(keys, command) })
  }
}

function sentence(keys: readonly string[], command: string): string {
  const shown = keys.length > 3 ? [...keys.slice(0, 2), `${keys.length - 2} other keys`] : keys
  const names = [shown.slice(0, -1).join(', '), shown.at(-1)].filter((part) => part !== '').join(' and ')
  const [is, them, needs] = keys.length === 1 ? ['is', 'it', 'it'] : ['are', 'them', 'them']
  return `${names} ${is} not handed to ${programName(command)}; list ${them} under agents.environment in worklane.yaml if it needs ${needs}.`
}
