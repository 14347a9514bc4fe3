import * as z from 'zod'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { needArchive } from '../ledger/archives.ts'
import { findLane } from '../ledger/lanes.ts'
import type { Tx } from '../ledger/transact.ts'
import { archive as archiveField } from './fields.ts'
import { operation } from './operation.ts'
import { type Restorable, restoreLane } from './restoring.ts'

export default operation({
  summary: 'Bring a lane back from one of its archives',
  examples: ['worklane archive restore 3'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: archiveField }),
  async run({ world }, { id }) {
    const archive = await needArchive(world.ledger.db, id)
    if (isRefusal(archive)) return archive
    return await restoreLane(world, archive.taskId, async (tx) => await chosen(tx, id))
  },
})

async function chosen(tx: Tx, id: number): Promise<Restorable | Refusal> {
  const archive = await needArchive(tx.db, id)
  if (isRefusal(archive)) return archive
  const former = await findLane(tx.db, archive.laneId)
  if (former?.state === 'removed') return { former, archive }
  return refuse(
    'archive-in-use',
    `The lane of archive ${id} is ${former?.state ?? 'gone'}.`,
    `See it with: worklane lane show ${archive.taskId}`,
  )
}
