import type { SandboxMode } from '../config/settings.ts'
import type { World } from '../engine/world.ts'
import { liveRuns } from '../ledger/runs.ts'
import type { Context } from './operation.ts'

/** What a person asks for now goes before settings and environment. */
export function withSandbox(context: Context, mode: SandboxMode | undefined): Context {
  return mode === undefined ? context : { ...context, world: { ...context.world, sandbox: mode } }
}

/** Nobody is to work without walls and not know it. `sandbox`: what the work at hand runs in. */
export function tellNoWalls({ world, report }: Context, sandbox: SandboxMode = world.sandbox): void {
  if (sandbox === 'walls') return
  report({
    kind: 'warning',
    text: 'No walls (sandbox none): agents, checks and verify can read and change whatever you can.',
  })
}

/** Tasks with an agent at work that no walls hold. */
export async function openTasks({ ledger }: World): Promise<number[]> {
  const runs = await liveRuns(ledger.db)
  return runs.filter(({ sandbox }) => sandbox === 'none').map(({ taskId }) => taskId)
}
