import type { World } from './world.ts'

/** What a person typed, for places where others read it: commits, names of branches, other agents' prompts. */
export function told({ actor }: Pick<World, 'actor'>, text: string): string {
  return actor.redact?.(text) ?? text
}
