import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../../host/fault.ts'
import type { RadarStore } from '../../host/git/radar-store.ts'
import { type Snapshot, snapshotLane } from '../../host/git/snapshot-lane.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
import { laneGit } from '../lane-git.ts'
import { laneRoom, privateGit } from '../sandbox.ts'
import type { World } from '../world.ts'

/**
 * Everything in a lane now; where there are walls, git looks at it inside them.
 * @throws Fault: nothing is known of what the lane holds now
 */
export async function snapshotOf(
  world: World,
  store: RadarStore,
  { lane, tip, before }: { readonly lane: OwnedLane; readonly tip: string; readonly before: Snapshot | null },
): Promise<Snapshot> {
  if (!existsSync(lane.path)) throw new Fault('The lane is gone from the disk.', { retry: 'later' })
  const { commonDir } = world.repository
  const place = await laneGit(world, lane)
  const own = place.gitDir === privateGit(world, lane.id) ? place.gitDir : commonDir
  return await snapshotLane({
    store,
    place,
    objects: join(own, 'objects'),
    commonDir,
    known: [...new Set([lane.startPoint, tip])],
    largestFile: world.settings.sandbox.largestFile,
    ref: `refs/worklane/radar/${lane.id}`,
    before,
    keep: join(laneRoom(world, lane.id), 'reading', 'radar'),
  })
}
