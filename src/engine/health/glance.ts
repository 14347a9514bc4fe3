import { asFault } from '../../host/fault.ts'
import type { World } from '../world.ts'
import { alternateFindings } from './alternates.ts'
import { engineFindings } from './engine.ts'
import type { Finding } from './finding.ts'
import { landingFindings } from './landings.ts'
import { laneFindings } from './lanes.ts'
import { diskFindings } from './machine.ts'
import { settingsFindings } from './settings.ts'
import { sharedGlance } from './shared-glance.ts'
import { lookAtLanes, type Sight } from './sight.ts'
import { worktreeFindings } from './worktrees.ts'

export interface Look {
  /** What is looked at, to complete a sentence. */
  readonly at: string
  readonly find: (world: World, sight: Sight) => Promise<Finding[]> | Finding[]
}

/** These start no process and read little. Nothing here may load what starts git: that alone takes `status` 10 ms. */
export const CHEAP: readonly Look[] = [
  { at: 'worklane.yaml', find: settingsFindings },
  { at: 'the engine', find: engineFindings },
  { at: 'the landing queue', find: landingFindings },
  { at: 'the lanes', find: (_, sight) => laneFindings(sight) },
  { at: 'the worktrees', find: (_, sight) => worktreeFindings(sight) },
  { at: 'the objects', find: alternateFindings },
  { at: 'the disk', find: diskFindings },
]

/** What can be found in a millisecond or two, for `status`. */
export async function glance(world: World): Promise<Finding[]> {
  const shared = { at: 'the settings of the repository', find: sharedGlance }
  return await lookAt(world, [...CHEAP, shared], { close: false })
}

/** `close`: into git's entries of the lanes too. */
export async function lookAt(
  world: World,
  looks: readonly Look[],
  { close }: { readonly close: boolean },
): Promise<Finding[]> {
  const sight = await lookAtLanes(world, { close })
  const found = await Promise.all(looks.map(async (look) => await guarded(look, world, sight)))
  return found.flat()
}

/** What cannot be looked at is a finding too, and keeps nobody from the others. */
async function guarded({ at, find }: Look, world: World, sight: Sight): Promise<Finding[]> {
  try {
    return await find(world, sight)
  } catch (error) {
    return [blindSpot(at, error)]
  }
}

/** @throws what is no failure of the outside world */
export function blindSpot(at: string, error: unknown): Finding {
  const fault = asFault(error)
  if (fault === null) throw error
  return {
    code: 'cannot-look',
    what: `Worklane could not look at ${at}: ${fault.message}`,
    why: 'Something may be wrong there that is not in this list.',
    fix: fault.hint === '' ? 'Mend that, then: worklane doctor' : fault.hint,
    fixable: false,
  }
}
