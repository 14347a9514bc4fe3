import * as z from 'zod'
import { isRefusal, type Refusal } from '../board/refusal.ts'
import { UsageError } from '../config/usage-error.ts'
import { type WeighedArchive, weighArchives } from '../engine/lanes/archives.ts'
import { purge, unlandedRefusal } from '../engine/lanes/purge.ts'
import type { World } from '../engine/world.ts'
import { keptArchives, needArchive } from '../ledger/archives.ts'
import { viewArchive } from './archive-view.ts'
import { archiveId, duration } from './fields.ts'
import { operation } from './operation.ts'

const input = z.object({
  ids: z.array(archiveId).optional().describe('Which archives'),
  olderThan: duration.optional().describe('All that are older than this, such as 60d'),
  allLanded: z.boolean().optional().describe('Only those whose work has landed; alone: all of them'),
  loseUnlandedWork: z
    .boolean()
    .optional()
    .describe('Purge them although this may be the only copy of work that has not landed'),
})

export default operation({
  summary: 'Delete archives for good',
  examples: [
    'worklane archive purge 3',
    'worklane archive purge --older-than 60d --all-landed',
    'worklane archive purge 3 --lose-unlanded-work',
  ],
  positional: { field: 'ids', label: 'ID', many: true },
  input,
  async run({ world }, asked) {
    const chosen = await choose(world, asked)
    if (isRefusal(chosen)) return chosen
    const loseUnlanded = asked.loseUnlandedWork === true
    const unlanded = chosen.filter((archive) => archive.unlanded !== null)
    if (unlanded.length > 0 && !loseUnlanded) return unlandedRefusal(unlanded)
    const purged: WeighedArchive[] = []
    for (const archive of chosen) {
      const done = await purge(world, archive.id, { reason: 'asked for', loseUnlanded })
      // The others stay: what is asked for again goes on where this stopped.
      if (isRefusal(done)) return done
      purged.push(archive)
    }
    return { purged: purged.map(viewArchive), bytes: purged.reduce((sum, { bytes }) => sum + bytes, 0) }
  },
})

async function choose(
  world: World,
  { ids, olderThan, allLanded }: z.output<typeof input>,
): Promise<WeighedArchive[] | Refusal> {
  if (ids === undefined && olderThan === undefined && allLanded !== true)
    throw new UsageError('Which archives?', {
      hint: 'Name them, or say --older-than 60d or --all-landed. See: worklane archive list',
    })
  for (const id of ids ?? []) {
    const archive = await needArchive(world.ledger.db, id)
    if (isRefusal(archive)) return archive
  }
  const before = world.actor.now() - (olderThan ?? 0)
  const wanted = (await keptArchives(world.ledger.db)).filter(
    ({ id, createdAt }) => (ids?.includes(id) ?? true) && createdAt <= before,
  )
  const weighed = await weighArchives(world, wanted)
  return allLanded === true ? weighed.filter(({ unlanded }) => unlanded === null) : weighed
}
