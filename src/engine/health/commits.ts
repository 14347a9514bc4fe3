import { resolveObjects } from '../../host/archive/pins.ts'
import { branchTips } from '../../host/git/refs.ts'
import { branchOfHead } from '../../host/git/repository.ts'
import { adminDirectory } from '../../host/git/worktree.ts'
import { shellWord as word } from '../../host/process/shell-word.ts'
import { landingQueue } from '../../ledger/landings.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'
import type { Sight } from './sight.ts'

/** Commits and branches that the ledger counts on and git does not have. */
export async function commitFindings(world: World, sight: Sight): Promise<Finding[]> {
  return [...(await missingCommits(world, sight)), ...(await unbornLanes(sight))]
}

async function missingCommits(world: World, { lanes, commonDir }: Sight): Promise<Finding[]> {
  const needed = [
    ...(await landingQueue(world.ledger.db)).map(({ taskId, result }) => ({
      oid: result,
      taskId,
      of: 'result',
    })),
    ...lanes.map(({ taskId, startPoint }) => ({ oid: startPoint, taskId, of: 'start point' })),
  ]
  if (needed.length === 0) return []
  const there = await resolveObjects(commonDir, [...new Set(needed.map(({ oid }) => oid))])
  return needed
    .filter(({ oid }) => there.get(oid)?.type !== 'commit')
    .map(({ oid, taskId, of }) => ({
      code: 'commit-missing',
      what: `The ${of} of task ${taskId}, commit ${oid}, is not in the repository.`,
      why: 'The task cannot land without it.',
      fix: `git fetch from a clone that has it; if there is none: worklane task cancel ${taskId}`,
      fixable: false,
    }))
}

/** HEAD on a branch that does not exist: to git the lane has no commit at all. */
async function unbornLanes({ lanes, commonDir }: Sight): Promise<Finding[]> {
  const ready = lanes.filter(({ state }) => state === 'ready')
  if (ready.length === 0) return []
  const tips = await branchTips({ gitDir: commonDir })
  return ready.flatMap(({ admin, taskId, path }) => {
    const branch = branchOfHead(adminDirectory({ commonDir, admin }))
    if (branch === null || tips.has(branch)) return []
    return [
      {
        code: 'lane-unborn',
        what: `The lane of task ${taskId} is on the branch ${branch}, which does not exist.`,
        why: 'Somebody deleted it; its commits are in the reflog of the lane for as long as that lasts.',
        fix: `git -C ${word(path)} reflog, then git branch ${word(branch)} COMMIT`,
        fixable: false,
      },
    ]
  })
}
