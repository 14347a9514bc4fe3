import { findEngine } from '../../ledger/engines.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'

/** Roles of dead processes harm nobody, but say that something ended in the middle. */
export async function engineFindings(world: World): Promise<Finding[]> {
  const row = await findEngine(world.ledger.db, 'engine')
  if (row === undefined || world.isAlive(row.identity)) return []
  return [
    {
      code: 'engine-gone',
      what: 'The last engine ended without saying so.',
      why: 'What it left in the middle is listed here too.',
      fix: 'worklane doctor --fix, or just worklane run',
      fixable: true,
    },
  ]
}
