import { wallsMissing } from '../../host/sandbox/detect.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'

/** Where walls are wanted and cannot be built, no agent is started. Starts a program to find out. */
export async function sandboxFindings(world: World): Promise<Finding[]> {
  if (world.sandbox === 'none') return []
  const missing = await wallsMissing()
  if (missing === null) return []
  return [
    {
      code: 'no-walls',
      what: missing.why,
      why: 'Agents are not started where no walls can be built around them.',
      fix: missing.remedy,
      fixable: false,
    },
  ]
}
