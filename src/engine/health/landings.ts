import { landingQueue } from '../../ledger/landings.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'

/** Entries of the landing queue that wait for a person. */
export async function landingFindings(world: World): Promise<Finding[]> {
  const held = (await landingQueue(world.ledger.db)).filter(({ state }) => state === 'held')
  return held.map(({ taskId, reason, files }) => ({
    code: 'landing-held',
    what: `Task ${taskId} cannot land: ${reason ?? 'held'}${files.length === 0 ? '' : `: ${files.slice(0, 5).join(', ')}`}`,
    why: 'The others go on; this one lands by itself once it is free.',
    fix: files.length === 0 ? 'worklane land' : 'commit, stash or move these files, then: worklane land',
    fixable: false,
  }))
}
