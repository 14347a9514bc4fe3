import type { World } from '../world.ts'
import { archiveFindings } from './archives.ts'
import { baseFindings } from './base.ts'
import { branchFindings } from './branches.ts'
import { commitFindings } from './commits.ts'
import type { Finding } from './finding.ts'
import { CHEAP, type Look, lookAt } from './glance.ts'
import { machineFindings } from './machine.ts'
import { objectFindings } from './objects.ts'
import { sandboxFindings } from './sandbox.ts'
import { sharedFindings } from './shared-state.ts'

const COSTLY: readonly Look[] = [
  { at: 'the machine', find: machineFindings },
  { at: 'the sandbox', find: sandboxFindings },
  { at: 'the base branch', find: baseFindings },
  { at: 'the branches', find: branchFindings },
  { at: 'the commits', find: commitFindings },
  { at: 'the objects', find: objectFindings },
  { at: 'the settings of the repository', find: sharedFindings },
]

/** Looks at what no controller repairs by itself. `archives`: their content too. Changes nothing. */
export async function lookAround(
  world: World,
  { archives }: { readonly archives: boolean },
): Promise<Finding[]> {
  const find = async (): Promise<Finding[]> => await archiveFindings(world, archives)
  return await lookAt(world, [...CHEAP, ...COSTLY, { at: 'the archives', find }], { close: true })
}
