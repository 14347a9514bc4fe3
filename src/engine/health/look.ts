import { existsSync } from 'node:fs'
import { isRefusal } from '../../board/refusal.ts'
import { branchTip } from '../../host/git/refs.ts'
import { behindUpstream } from '../../host/git/upstream.ts'
import { findEngine } from '../../ledger/engines.ts'
import { landingQueue } from '../../ledger/landings.ts'
import { standingLanes } from '../../ledger/lanes.ts'
import { baseBranch } from '../base.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'
import { type LanePresence, lanePresence } from './presence.ts'

/** Looks at what no controller repairs by itself. Changes nothing. */
export async function lookAround(world: World): Promise<Finding[]> {
  const found = await Promise.all([lanes(world), base(world), landings(world), engine(world)])
  return found.flat()
}

const SAYS: Readonly<Record<Exclude<LanePresence, 'whole'>, readonly [what: string, why: string]>> = {
  missing: [
    'is gone from the disk',
    'Somebody deleted the directory; its branch and git state are still there.',
  ],
  foreign: [
    'is not the directory that Worklane made',
    'Something else stands at its path, and Worklane does not touch it.',
  ],
  detached: ["has lost its entry in git's worktrees", 'Git no longer knows the directory as a worktree.'],
}

async function lanes(world: World): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const lane of await standingLanes(world.ledger.db)) {
    if (lane.state !== 'ready') continue
    const presence = await lanePresence(world.repository.commonDir, lane)
    if (presence === 'whole') continue
    const [what, why] = SAYS[presence]
    const fix = `worklane lane remove ${lane.taskId} archives what git still has of it`
    findings.push({
      code: `lane-${presence}`,
      what: `The lane of task ${lane.taskId} ${what}: ${lane.path}`,
      why,
      fix,
      fixable: false,
    })
  }
  return findings
}

async function base(world: World): Promise<Finding[]> {
  const branch = await baseBranch(world)
  if (isRefusal(branch))
    return [
      {
        code: branch.code,
        what: branch.message,
        why: 'Lanes need a branch to start from.',
        fix: branch.hint,
        fixable: false,
      },
    ]
  if ((await branchTip({ gitDir: world.repository.commonDir }, branch)) === null)
    return [
      {
        code: 'no-base',
        what: `The base branch ${branch} does not exist.`,
        why: 'Lanes start from it and land on it.',
        fix: `git branch ${branch} COMMIT, or set base in worklane.yaml`,
        fixable: false,
      },
    ]
  const upstream = await behindUpstream(world.repository, branch)
  if (upstream === null || upstream.behind === 0) return []
  const what = `${branch} is ${upstream.behind} behind ${upstream.upstream}.`
  return [
    {
      code: 'base-behind',
      what,
      why: 'New lanes start from old code and conflict more often.',
      fix: 'git pull',
      fixable: false,
    },
  ]
}

async function landings(world: World): Promise<Finding[]> {
  const held = (await landingQueue(world.ledger.db)).filter(({ state }) => state === 'held')
  return held.map(({ taskId, reason, files }) => ({
    code: 'landing-held',
    what: `Task ${taskId} cannot land: ${reason ?? 'held'}${files.length === 0 ? '' : `: ${files.slice(0, 5).join(', ')}`}`,
    why: 'The others go on; this one lands by itself once it is free.',
    fix:
      files.length === 0
        ? `worklane land ${taskId}`
        : `commit, stash or move these files, then: worklane land ${taskId}`,
    fixable: false,
  }))
}

/** Roles of dead processes harm nobody, but say that something ended in the middle. */
async function engine(world: World): Promise<Finding[]> {
  const row = await findEngine(world.ledger.db, 'engine')
  if (row === undefined || world.isAlive(row.identity) || !existsSync(world.repository.home)) return []
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
