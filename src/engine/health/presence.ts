import { adminPointsHere, checkInode } from '../../host/git/worktree.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'

/** Whether a lane's directory and its entry in git's `worktrees/` are there and ours. */
export type LanePresence = 'whole' | 'missing' | 'foreign' | 'detached'

export async function lanePresence(commonDir: string, lane: OwnedLane): Promise<LanePresence> {
  const is = await checkInode(lane.path, lane.inode)
  if (is !== 'ours') return is
  return (await adminPointsHere({ commonDir, admin: lane.admin, path: lane.path })) ? 'whole' : 'detached'
}
