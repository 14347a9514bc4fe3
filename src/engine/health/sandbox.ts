import { join } from 'node:path'
import { wallsMissing } from '../../host/sandbox/detect.ts'
import { named } from '../sandbox.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'

/** Where walls are wanted and cannot be built, no agent is started. Starts a program to find out. */
export async function sandboxFindings(world: World): Promise<Finding[]> {
  if (world.sandbox === 'none') return []
  const unseen = missingPaths(world)
  const missing = await wallsMissing()
  if (missing === null) return unseen
  return [
    ...unseen,
    {
      code: 'no-walls',
      what: missing.why,
      why: 'Agents are not started where no walls can be built around them.',
      fix: missing.remedy,
      fixable: false,
    },
  ]
}

/** Such a path is left out, since another machine may have it. */
function missingPaths({ settings: { sandbox } }: World): Finding[] {
  const { read, write, home } = sandbox
  const asked = Object.entries({ read, write, home }).flatMap(([key, paths]) =>
    paths.map((path) => ({ path, key: `sandbox.${key}` })),
  )
  const inHome = (path: string, key: string): string => (key === 'sandbox.home' ? join('~', path) : path)
  return asked
    .filter(({ path, key }) => named([inHome(path, key)]).length === 0)
    .map(({ path, key }) => ({
      code: 'sandbox-path-missing',
      what: `There is no ${path}, which ${key} names.`,
      why: 'Programs in lanes go without it.',
      fix: `Make it, or take it out of ${key} in worklane.yaml`,
      fixable: false,
    }))
}
