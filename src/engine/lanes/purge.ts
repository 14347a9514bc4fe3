import { isRefusal, type Refusal, refuse } from '../../board/refusal.ts'
import { purgeArchive } from '../../host/archive/purge.ts'
import { deleteOwnRefs } from '../../host/git/own-refs.ts'
import { refTargets } from '../../host/git/refs.ts'
import { archivePlaces, type KnownArchive, needArchive, recordPurge } from '../../ledger/archives.ts'
import { lanesOf } from '../../ledger/lanes.ts'
import { transact } from '../../ledger/transact.ts'
import type { World } from '../world.ts'
import { weighArchives } from './archives.ts'

/**
 * Deletes an archive for good. Whether its work has landed is asked again right before. The ledger knows first, so
 * that a crash leaves files that nobody restores from; the retention controller deletes those.
 */
export async function purge(
  world: World,
  id: number,
  { reason, loseUnlanded }: { readonly reason: string; readonly loseUnlanded: boolean },
): Promise<KnownArchive | Refusal> {
  const archive = await needArchive(world.ledger.db, id)
  if (isRefusal(archive)) return archive
  const [weighed] = loseUnlanded ? [] : await weighArchives(world, [archive])
  if (weighed !== undefined && weighed.unlanded !== null) return unlandedRefusal([weighed])
  const purged = await transact(world.ledger, world.actor, async (tx) => await recordPurge(tx, id, reason))
  if (isRefusal(purged)) return purged
  await deletePurged(world, purged)
  return purged
}

/** Callable again at any point. With a task's last archive goes what was kept beside it. */
export async function deletePurged(
  world: World,
  { taskId, directory, refPrefix }: Pick<KnownArchive, 'taskId' | 'directory' | 'refPrefix'>,
): Promise<void> {
  const { commonDir } = world.repository
  const { db } = world.ledger
  const others = (await archivePlaces(db, taskId)).filter(({ purgedAt }) => purgedAt === null)
  const [lane] = await lanesOf(db, taskId)
  if (others.length === 0 && (lane === undefined || lane.state === 'removed'))
    await deleteOwnRefs(commonDir, await refTargets({ gitDir: commonDir }, `refs/worklane/${taskId}`))
  await purgeArchive({ commonDir, directory, refPrefix })
}

/** At most so many are told by name. */
const NAMED = 5

export function unlandedRefusal(
  archives: readonly { readonly id: number; readonly taskId: number; readonly unlanded: string | null }[],
): Refusal {
  const named = archives
    .slice(0, NAMED)
    .map(({ id, taskId, unlanded }) => `archive ${id} of task ${taskId}: ${unlanded ?? ''}`)
  const more = archives.length > NAMED ? `; and ${archives.length - NAMED} more` : ''
  return refuse(
    'unlanded-work',
    `This may be the only copy of unlanded work (${named.join('; ')}${more}).`,
    'Look with: worklane archive show ID. To lose it for good, say --lose-unlanded-work',
  )
}
