import type { SandboxMode } from '../config/settings.ts'
import type { Context } from './operation.ts'

/** What a person asks for now goes before settings and environment. */
export function withSandbox(context: Context, mode: SandboxMode | undefined): Context {
  return mode === undefined ? context : { ...context, world: { ...context.world, sandbox: mode } }
}

/** Nobody is to work without walls and not know it. */
export function tellNoWalls({ world, report }: Context): void {
  if (world.sandbox === 'walls') return
  report({
    kind: 'text',
    text: 'No walls (sandbox none): agents, checks and verify can read and change whatever you can.',
  })
}
