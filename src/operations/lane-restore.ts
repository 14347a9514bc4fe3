import * as z from 'zod'
import { type Refusal, refuse } from '../board/refusal.ts'
import { archiveOf, lanesOf } from '../ledger/lanes.ts'
import type { Tx } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'
import { type Restorable, restoreLane } from './restoring.ts'

export default operation({
  summary: 'Bring a removed lane back',
  examples: ['worklane lane restore 7'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task }),
  run: async ({ world }, { id }) => await restoreLane(world, id, async (tx) => await newest(tx, id)),
})

async function newest(tx: Tx, id: number): Promise<Restorable | Refusal> {
  for (const former of await lanesOf(tx.db, id)) {
    const archive = former.state === 'removed' ? await archiveOf(tx.db, former.id) : undefined
    if (archive !== undefined) return { former, archive }
  }
  return refuse('no-archive', `Nothing is archived of task ${id}.`, 'Only removed lanes can be restored.')
}
