import * as z from 'zod'
import { refuse } from '../board/refusal.ts'
import { acceptSharedState } from '../engine/health/shared-state.ts'
import { LedgerUnusable } from '../ledger/unusable.ts'
import { examine } from './examine.ts'
import { operation } from './operation.ts'
import { rescueLedger } from './rescue-ledger.ts'

export default operation({
  summary: 'Find what is not as it should be, and repair it',
  examples: ['worklane doctor', 'worklane doctor --fix', 'worklane doctor --archives'],
  tellsWalls: true,
  withDefaults: 'told',
  input: z.object({
    fix: z.boolean().optional().describe('Carry the repairs out that are safe'),
    archives: z.boolean().optional().describe('Unpack every archive and compare all of it'),
    accept: z
      .boolean()
      .optional()
      .describe('Take hooks, settings, branches and tags that all worktrees share for right as they are now'),
    restoreLedger: z
      .boolean()
      .optional()
      .describe('Put the last backup in the place of a damaged ledger, which is kept aside'),
  }),
  async rescue({ place, trouble }, { restoreLedger }) {
    if (place.unread !== undefined && restoreLedger === true) throw place.unread
    return await rescueLedger(place, trouble, restoreLedger ?? false)
  },
  async run({ world }, { fix, archives, accept, restoreLedger }) {
    const acts = fix === true || accept === true || restoreLedger === true
    if (world.unread !== undefined && acts) throw world.unread
    const [problem] = world.ledger.problems()
    if (problem !== undefined) {
      await world.ledger.close()
      const trouble = new LedgerUnusable('ledger-damaged', problem)
      return await rescueLedger(world, trouble, restoreLedger ?? false)
    }
    if (restoreLedger === true)
      return refuse('ledger-whole', 'The ledger is whole; nothing was restored.', 'See: worklane doctor')
    if (accept === true) await acceptSharedState(world)
    return await examine(world, { fix: fix === true, archives: archives === true })
  },
})
