import type { SandboxMode } from '../config/settings.ts'
import type { World } from '../engine/world.ts'
import { liveRuns } from '../ledger/runs.ts'
import type { Context } from './operation.ts'

/** What a person asks for now goes before settings and environment. */
export function withSandbox(context: Context, mode: SandboxMode | undefined): Context {
  return mode === undefined ? context : { ...context, world: { ...context.world, sandbox: mode } }
}

/** Nobody is to begin work without walls and not know it. */
export function tellNoWalls({ world, report }: Pick<Context, 'world' | 'report'>): void {
  if (world.sandbox === 'none') report({ kind: 'warning', text: NO_WALLS })
}

/** The same for whoever asks for anything while agents are at work without walls. */
export async function tellOpen(context: Pick<Context, 'world' | 'report'>): Promise<void> {
  const open = await openTasks(context.world)
  if (open.length > 0) context.report({ kind: 'warning', text: atWorkOn(open) })
  else tellNoWalls(context)
}

const NO_WALLS =
  'NO WALLS (sandbox none): agents, checks and verify can read and change anything that you can.'

function atWorkOn(tasks: readonly number[]): string {
  const who = tasks.length === 1 ? 'the agent at work on task' : 'the agents at work on tasks'
  return `NO WALLS: ${who} ${tasks.join(', ')} can read and change anything that you can.`
}

/** Tasks with an agent at work that no walls hold. */
export async function openTasks({ ledger }: World): Promise<number[]> {
  const runs = await liveRuns(ledger.db)
  return runs.filter(({ sandbox }) => sandbox === 'none').map(({ taskId }) => taskId)
}
