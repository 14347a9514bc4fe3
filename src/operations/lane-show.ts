import * as z from 'zod'
import { divergence } from '../board/lane.ts'
import { isRefusal } from '../board/refusal.ts'
import { laneGit, openOperation } from '../engine/lane-git.ts'
import { uncommittedPaths } from '../host/git/lane-state.ts'
import { commitOf, ownCommits } from '../host/git/refs.ts'
import { checkInode } from '../host/git/worktree.ts'
import { needLane } from '../ledger/lanes.ts'
import { task } from './fields.ts'
import { keptBeside } from './kept-beside.ts'
import { viewLane } from './lane-view.ts'
import { occupantsOf } from './occupants.ts'
import { howToFinish } from './open-work.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Show one lane',
  examples: ['worklane lane show 7'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task }),
  async run({ world }, { id }) {
    const lane = await needLane(world.ledger.db, id)
    if (isRefusal(lane)) return lane
    const waits = lane.state === 'quarantined' ? divergence(lane) : null
    const kept = await keptBeside(world, lane)
    const view = { ...viewLane(lane), ...(await occupantsOf(world))(lane), waits, kept }
    if (lane.state === 'creating' || (await checkInode(lane.path, lane.inode)) !== 'ours')
      return {
        ...view,
        head: null,
        commits: 0,
        uncommitted: [],
        unfinished: null,
        next: null,
      }
    const place = await laneGit(world, lane)
    const begun = await openOperation(world, lane)
    const head = await commitOf(place, 'HEAD')
    return {
      ...view,
      head,
      commits: head === null ? 0 : await ownCommits(place, lane, head),
      uncommitted: await uncommittedPaths(place),
      unfinished: begun?.name ?? null,
      next: begun === null ? null : howToFinish(lane, begun),
    }
  },
})
