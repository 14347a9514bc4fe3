import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import type { Task } from '../board/task.ts'
import { runChecks } from '../engine/checks.ts'
import { bringBack, enterWalls, leaveWalls } from '../engine/hand-over.ts'
import { innerWork } from '../engine/inner-work.ts'
import { openOperation } from '../engine/lane-git.ts'
import { hasWalls, refuseWithoutWalls } from '../engine/sandbox.ts'
import { leftByAgent } from '../engine/set-up-left.ts'
import { settingsChange } from '../engine/settings-change.ts'
import { settleLanes } from '../engine/settle.ts'
import { told } from '../engine/told.ts'
import { undoneWork } from '../engine/undone.ts'
import type { World } from '../engine/world.ts'
import type { GitPlace } from '../host/git/git.ts'
import { commitLeft } from '../host/git/lane-state.ts'
import { asText } from '../host/git/path-bytes.ts'
import { commitOf, ownCommits } from '../host/git/refs.ts'
import { checkInode, placeOf } from '../host/git/worktree.ts'
import { completeEmpty, completeTask } from '../ledger/landings.ts'
import { needLane, type OwnedLane } from '../ledger/lanes.ts'
import { holdsTask } from '../ledger/leases.ts'
import { transact } from '../ledger/transact.ts'
import { epoch, task } from './fields.ts'
import { howToFinish } from './open-work.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Hand the work of a claim in',
  examples: ['worklane complete 7 --epoch 1'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task, epoch }),
  async run({ world }, { id, epoch: mine }) {
    const held = await transact(world.ledger, world.actor, async (tx) => await holdsTask(tx, id, mine))
    if (isRefusal(held)) return held
    const lane = await needLane(world.ledger.db, id)
    if (isRefusal(lane)) return lane
    if (lane.holder === 'walls')
      return refuse(
        'run-at-work',
        `An agent of Worklane works on task ${id}.`,
        'It need not complete its task: when it ends, its work is judged and handed in.',
      )
    const frozen = await freeze(world, held, lane)
    if (isRefusal(frozen)) return frozen
    const reviewReason = await settingsChange(world, lane, frozen.result)
    const done = await transact(world.ledger, world.actor, async (tx) => {
      const still = await holdsTask(tx, id, mine)
      if (isRefusal(still)) return still
      if (frozen.commits === 0) return await completeEmpty(tx, still)
      const { style, review, verify } = world.settings.landing
      return await completeTask(tx, still, {
        style,
        base: lane.base,
        result: frozen.result,
        review: still.review || review,
        reviewReason,
        verify: still.verify ?? verify,
      })
    })
    if (isRefusal(done)) return done
    if (frozen.commits === 0) await settleLanes(world)
    return {
      id,
      state: frozen.commits === 0 ? 'landed' : 'completed',
      landing: frozen.commits === 0 ? null : done.state,
      reason: reviewReason,
      ...frozen,
    }
  },
})

interface Frozen {
  readonly result: string
  readonly commits: number
  /** Paths that were not committed and that we committed. */
  readonly committed: readonly string[]
}

/** The lane's HEAD with all that was done in it committed, once the task's checks are green. */
async function freeze(world: World, held: Task, lane: OwnedLane): Promise<Frozen | Refusal> {
  const worktree = { commonDir: world.repository.commonDir, admin: lane.admin, path: lane.path }
  if ((await checkInode(lane.path, lane.inode)) !== 'ours')
    return refuse(
      'lane-missing',
      `The directory of the lane of task ${held.id} is gone: ${lane.path}`,
      `What git still has of it comes back with: worklane lane remove ${held.id}, then worklane lane restore ${held.id}`,
    )
  const unprotected = await refuseWithoutWalls(world)
  if (unprotected !== null) return unprotected
  const inside = (await hasWalls(world)) ? await enterWalls(world, lane) : null
  const place = inside?.place ?? placeOf(worktree)
  try {
    const frozen = await freezeAt(world, held, lane, { place, walled: inside !== null })
    if (inside !== null && isRefusal(frozen)) await leaveWalls(world, lane, null)
    return frozen
  } catch (error) {
    if (inside !== null) await leaveWalls(world, lane, null)
    throw error
  }
}

interface Where {
  readonly place: GitPlace
  readonly walled: boolean
}

async function freezeAt(
  world: World,
  held: Task,
  lane: OwnedLane,
  { place, walled }: Where,
): Promise<Frozen | Refusal> {
  const open = await openOperation(world, lane)
  if (open !== null)
    return refuse(
      'unfinished-operation',
      `The lane of task ${held.id} is in the middle of a ${open.name}.`,
      howToFinish(lane, open),
    )
  const checks = [...world.settings.checks, ...held.checks]
  const checked = await check(world, lane, { checks, epoch: held.epoch })
  if (checked !== null) return checked
  const left = await leftByAgent(world, lane, place)
  const committed = left.map(asText)
  if (committed.length > 0)
    await commitLeft(place, lane.branch, `Task ${held.id}: ${told(world, held.subject)}\n`, left)
  const result = walled ? await outOfWalls(world, held, lane) : await commitOf(place, 'HEAD')
  if (isRefusal(result)) return result
  if (result === null)
    return refuse(
      'no-commits',
      `The lane of task ${held.id} has no commit.`,
      `Commit the work in ${lane.path} first.`,
    )
  const inner = await innerWork(world, lane, result)
  if (inner !== null) return refuse('inner-work', inner, `Mend it in ${lane.path}, and complete again.`)
  const commits = await ownCommits({ gitDir: world.repository.commonDir }, lane, result)
  if (commits === 0 && !held.allowEmpty)
    return refuse(
      'no-commits',
      `The lane of task ${held.id} has no change since it began.`,
      `Commit the work in ${lane.path}, or give the task back: worklane release ${held.id} --epoch ${held.epoch}`,
    )
  const undone = await undoneWork(world, lane, result)
  if (undone !== null)
    return refuse(
      'undoes-base',
      undone,
      'Was it meant? Then bring it back in one commit, and take it away in the next.',
    )
  return { result, commits, committed }
}

/** Git looked at the lane from inside walls; what it committed there comes out, and the lane is as it was found. */
async function outOfWalls(world: World, held: Task, lane: OwnedLane): Promise<string | null | Refusal> {
  const back = await bringBack(world, lane, String(held.epoch))
  if (back.kind === 'refused')
    return refuse(
      'import-refused',
      back.reason,
      `Take it out of the history in ${lane.path}, and complete again.`,
    )
  if (await leaveWalls(world, lane, back.head)) return back.head
  return refuse(
    'lane-busy',
    `Somebody committed in the lane of task ${held.id} just now.`,
    'Complete again when it is quiet there.',
  )
}

async function check(
  world: World,
  lane: OwnedLane,
  run: { checks: readonly string[]; epoch: number },
): Promise<Refusal | null> {
  const directory = join(world.repository.home, 'lanes', String(lane.id))
  await mkdir(directory, { recursive: true })
  const answer = await runChecks(world, lane, { ...run, directory })
  if (answer.green) return null
  return refuse(
    'checks-red',
    `The check \`${answer.failed}\` fails in the lane of task ${lane.taskId}:\n${answer.tail}`,
    'Mend it, commit, and complete again.',
  )
}
