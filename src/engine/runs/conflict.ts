import { endedInConflict } from '../../board/conflict-ladder.ts'
import type { Task } from '../../board/task.ts'
import { asFault } from '../../host/fault.ts'
import { type BegunMerge, beginMerge } from '../../host/git/begin-merge.ts'
import { removeLocksInside } from '../../host/git/dead-locks.ts'
import type { GitPlace } from '../../host/git/git.ts'
import { landedWork } from '../../host/git/landed-work.ts'
import { branchTip, commitOf } from '../../host/git/refs.ts'
import { placeOf } from '../../host/git/worktree.ts'
import { conflictsOf } from '../../ledger/conflicts.ts'
import { latestLanding } from '../../ledger/landings.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
import { findTask } from '../../ledger/tasks.ts'
import { tell, transact } from '../../ledger/transact.ts'
import type { Inside } from '../hand-over.ts'
import { lastMoments } from '../last-moments.ts'
import { leftByAgent } from '../set-up-left.ts'
import { told } from '../told.ts'
import type { World } from '../world.ts'
import { type ConflictFacts, conflictBrief, type OtherIntent } from './conflict-brief.ts'

export interface ConflictStart {
  readonly task: Task
  readonly lane: OwnedLane
  readonly inside: Inside | null
  /** Command that what lands must pass; null: none. */
  readonly verify: string | null
}

/** A merge that the agent finds in progress, and has to end. */
export interface OpenMerge {
  readonly onto: string
  readonly files: readonly string[]
}

export interface ConflictEntry {
  readonly brief: string
  readonly open: OpenMerge | null
}

/**
 * Before the agent of a task starts whose landing conflicted: base is merged into its lane, by git where the lane's
 * agent works, and what that leaves is for the agent. Null: the task's last landing was no conflict.
 */
export async function enterConflict(world: World, start: ConflictStart): Promise<ConflictEntry | null> {
  const { db } = world.ledger
  const { task, lane, inside } = start
  const last = await latestLanding(db, task.id)
  if (last === undefined || !endedInConflict(last)) return null
  const { admin, path } = lane
  const { commonDir } = world.repository
  const outside = { ...placeOf({ commonDir, admin, path }), workTree: path, signal: lastMoments(world) }
  const place = inside?.place ?? outside
  const head = await commitOf(place, 'HEAD')
  const merge = await mergeBase(world, lane, place)
  await transact(world.ledger, world.actor, async (tx) => {
    const data = { task: task.id, merge: merge.kind, ...('files' in merge ? { files: merge.files } : {}) }
    await tell(tx, { type: 'lane.base_merged', subject: `lane/${lane.id}`, data })
    return null
  })
  const { conflicts, files } = storyOf(await conflictsOf(db, task.id), merge)
  const theirs = await otherSide(world, lane, head, files)
  const checks = [...world.settings.checks, ...task.checks]
  const verify = task.verify ?? start.verify
  const brief = conflictBrief({ base: lane.base, merge, conflicts, ...theirs, checks, verify })
  return { brief, open: merge.kind === 'open' ? merge : null }
}

function storyOf(all: readonly { readonly files: readonly string[] }[], merge: BegunMerge) {
  const open = merge.kind === 'open' ? merge.files : []
  return { conflicts: all.length, files: open.length > 0 ? open : (all.at(-1)?.files ?? []) }
}

/** What git cannot do here the agent can try: its attempt goes on. */
async function mergeBase(world: World, lane: OwnedLane, place: GitPlace): Promise<BegunMerge> {
  const onto = await branchTip({ gitDir: world.repository.commonDir }, lane.base)
  if (onto === null) return { kind: 'left', reason: `there is no branch ${lane.base}` }
  try {
    const message = `Merge ${lane.base} into ${lane.branch}`
    const isDirty = async (): Promise<boolean> => (await leftByAgent(world, lane, place)).length > 0
    return await beginMerge(place, { onto, message, isDirty })
  } catch (error) {
    const fault = asFault(error)
    if (fault === null) throw error
    if (place.walls !== undefined) await removeLocksInside(place.gitDir)
    return { kind: 'left', reason: `git could not do it: ${fault.message.replace(/\.$/, '')}` }
  }
}

/** Whose work it meets, as far as that can be told. */
async function otherSide(
  world: World,
  lane: OwnedLane,
  head: string | null,
  files: readonly string[],
): Promise<Pick<ConflictFacts, 'others' | 'patch'>> {
  try {
    const base = await branchTip({ gitDir: world.repository.commonDir }, lane.base)
    if (base === null || head === null) return { others: [], patch: '' }
    const { steps, patch } = await landedWork(world.repository, { base, lane: head, files })
    const others = await Promise.all(
      steps.map(async (step): Promise<OtherIntent> => {
        const task = step.task === null ? undefined : await findTask(world.ledger.db, step.task)
        const { subject = step.subject, description = '' } = task ?? {}
        return { ...step, subject: told(world, subject), description: told(world, description) }
      }),
    )
    return { others, patch }
  } catch (error) {
    if (asFault(error) === null) throw error
    return { others: [], patch: '' }
  }
}
