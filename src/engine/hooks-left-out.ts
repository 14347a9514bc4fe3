import { hooksLeftOut } from '../host/git/hooks.ts'
import type { World } from './world.ts'

/** A sentence where commits of people run hooks that those of agents do not; null: there are none, or no walls. */
export async function sayHooksLeftOut({ sandbox, repository }: World): Promise<string | null> {
  const directory = sandbox === 'none' ? null : await hooksLeftOut(repository)
  if (directory === null) return null
  return `Hooks do not run in lanes, because core.hooksPath leads out of the checkout, to ${directory}. Put them into the repository, or name what they run under checks or landing.verify in worklane.yaml.`
}
