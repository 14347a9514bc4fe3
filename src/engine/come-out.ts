import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Task } from '../board/task.ts'
import { deleteOwnRefs, setOwnRefs } from '../host/git/own-refs.ts'
import { branchTip, refTargets, unmergedRefs } from '../host/git/refs.ts'
import { checkInode } from '../host/git/worktree.ts'
import { findLane, type OwnedLane } from '../ledger/lanes.ts'
import { findTask } from '../ledger/tasks.ts'
import { transact } from '../ledger/transact.ts'
import { leaveLane } from '../ledger/visits.ts'
import { bringBack, enterWalls, isInside, isUntouched, leaveWalls } from './hand-over.ts'
import { laneGit } from './lane-git.ts'
import { laneRoom, privateGit } from './sandbox.ts'
import { leftByAgent } from './set-up-left.ts'
import { killedShells } from './visits.ts'
import type { World } from './world.ts'

/** What a person did in a lane after the work of its task had been taken: it is not part of that. */
export interface Beyond {
  /** `in_progress`: the agent's work has been taken in, and is being judged. */
  readonly state: 'in_progress' | 'completed' | 'landed' | 'cancelled'
  /** Names what they committed; null: nothing, or it is archived with the lane alone. */
  readonly ref: string | null
  /** How many paths they left uncommitted. */
  readonly uncommitted: number
}

export interface CameOut {
  /** What did not come out as it should, and where it is; null: all is well. */
  readonly problem: string | null
  readonly beyond: Beyond | null
  /** It is in the lane alone, and has to be asked for again before that goes. */
  readonly untaken: boolean
}

const NOTHING: CameOut = { problem: null, beyond: null, untaken: false }

/** What a person committed in a shell, where no run takes it out. `walls`: what the shell was in. */
export async function comeOut(
  world: World,
  { id, taskId }: OwnedLane,
  { walls }: { readonly walls: boolean },
): Promise<CameOut> {
  const lane = await findLane(world.ledger.db, id)
  if (lane === undefined || !['ready', 'quarantined', 'condemned'].includes(lane.state)) {
    const problem = `The lane of task ${taskId} was removed meanwhile. What it held then: worklane archive list`
    return { ...NOTHING, problem }
  }
  const task = await findTask(world.ledger.db, taskId)
  if (task === undefined || (lane.holder === 'walls' && !(walls && (await isTakenIn(world, task)))))
    return NOTHING
  const name = await freeName(world, lane)
  const kept = `refs/worklane/${taskId}/${name}`
  const problem = walls ? await takeOut(world, lane, name) : null
  if (problem !== null) return { ...NOTHING, ...problem }
  if (!walls) await keepBranch(world, lane, { task, kept })
  return { ...NOTHING, beyond: await beyondOf(world, lane, { task, kept }) }
}

/** Shells that were killed: nobody else takes out what was committed in them. False: it does not come out. */
export async function comeOutOfKilled(world: World, lane: OwnedLane): Promise<boolean> {
  const killed = await killedShells(world, lane.id)
  if (killed.length === 0) return true
  const walls = existsSync(join(privateGit(world, lane.id), 'HEAD'))
  const { untaken } = await comeOut({ ...world, sandbox: walls ? 'walls' : 'none' }, lane, { walls })
  if (untaken) return false
  await transact(world.ledger, world.actor, async (tx) => await leaveLane(tx, lane, killed))
  return true
}

/** What came out of shells and is no part of what the task handed in: nothing but its refs names it. */
export async function beyondResult(world: World, lane: OwnedLane, refs: readonly Ref[]): Promise<Ref[]> {
  const shells = refs.filter(({ ref }) => /^refs\/worklane\/\d+\/shell-/.test(ref))
  const task = shells.length === 0 ? undefined : await findTask(world.ledger.db, lane.taskId)
  if (task?.state !== 'completed' && task?.state !== 'landed') return []
  const unmerged = new Set(await notIn(world, lane, task, `refs/worklane/${lane.taskId}`))
  return shells.filter(({ ref }) => unmerged.has(ref))
}

interface Ref {
  readonly ref: string
  readonly oid: string
}

/** Whether the run that holds the lane has been imported already: what is committed from then on is not with it. */
async function isTakenIn({ repository }: World, { id, epoch }: Task): Promise<boolean> {
  const refs = await refTargets({ gitDir: repository.commonDir }, `refs/worklane/${id}/${epoch}`)
  return refs.length > 0
}

/** Out of the walls, and onto the lane's branch where that is the person's to move. Answers what went wrong. */
async function takeOut(
  world: World,
  lane: OwnedLane,
  name: string,
): Promise<Pick<CameOut, 'problem' | 'untaken'> | null> {
  const { taskId, branch, state } = lane
  const kept = `refs/worklane/${taskId}/${name}`
  const isThere = (await checkInode(lane.path, lane.inode)) === 'ours'
  const isTheirs = isThere && state !== 'quarantined' && lane.holder === 'host'
  // A run has come and gone meanwhile, and the lane's own git stands open to nobody but this shell.
  if (isTheirs && !(await isInside(world, lane)) && (await isUntouched(world, lane)))
    await enterWalls(world, lane)
  const tip = await branchTip({ gitDir: world.repository.commonDir }, branch)
  const back = await bringBack(world, lane, name)
  if (back.kind === 'refused') {
    const stays =
      state === 'condemned'
        ? 'It is archived with the lane: worklane archive list'
        : `It stays in the lane; mend it with: worklane shell ${taskId}`
    return { problem: `What was committed does not come out: ${back.reason} ${stays}`, untaken: true }
  }
  if (isTheirs && !((await isInside(world, lane)) && (await leaveWalls(world, lane, back.head))))
    return {
      problem: `Somebody worked in the lane with plain git meanwhile. What was committed in the shell is kept at ${kept}/head, the branch ${branch} is as they left it.`,
      untaken: false,
    }
  await dropUnlessNew(world, lane, { kept, tip })
  return null
}

/** Without walls it is on the branch, which goes with the lane. */
async function keepBranch(
  world: World,
  lane: OwnedLane,
  { task, kept }: { readonly task: Task; readonly kept: string },
): Promise<void> {
  if (task.state !== 'completed' && task.state !== 'landed') return
  const { commonDir } = world.repository
  const tip = await branchTip({ gitDir: commonDir }, lane.branch)
  if (tip === null) return
  await setOwnRefs(commonDir, new Map([[`${kept}/head`, tip]]))
  if ((await notIn(world, lane, task, kept)).length === 0)
    await deleteOwnRefs(commonDir, [{ ref: `${kept}/head`, oid: tip }])
}

async function beyondOf(
  world: World,
  lane: OwnedLane,
  { task, kept }: { readonly task: Task; readonly kept: string },
): Promise<Beyond | null> {
  const { state } = task
  if (state === 'cancelled') return lane.keep ? null : { state, ref: null, uncommitted: 0 }
  const isOver = state === 'completed' || state === 'landed'
  if (!isOver && lane.holder !== 'walls') return null
  const refs = isOver
    ? await notIn(world, lane, task, kept)
    : (await refTargets({ gitDir: world.repository.commonDir }, kept)).map(({ ref }) => ref)
  const ref = refs.find((one) => one.endsWith('/head')) ?? refs[0] ?? null
  const uncommitted = isOver ? await countUncommitted(world, lane) : 0
  return ref === null && uncommitted === 0
    ? null
    : { state: isOver ? state : 'in_progress', ref, uncommitted }
}

async function countUncommitted(world: World, lane: OwnedLane): Promise<number> {
  if ((await checkInode(lane.path, lane.inode)) !== 'ours') return 0
  return (await leftByAgent(world, lane, await laneGit(world, lane))).length
}

/** Refs below a prefix with commits that what the task handed in has not. */
async function notIn(world: World, { base }: OwnedLane, { result }: Task, prefix: string): Promise<string[]> {
  const place = { gitDir: world.repository.commonDir }
  const handedIn = result ?? (await branchTip(place, base))
  return handedIn === null ? [] : await unmergedRefs(place, prefix, handedIn)
}

/** `shell-<n>`, of this task's shells the first that is free. */
async function freeName(world: World, lane: OwnedLane): Promise<string> {
  const place = join(laneRoom(world, lane.id), 'shells')
  const prefix = `refs/worklane/${lane.taskId}/shell-`
  const refs = await refTargets({ gitDir: world.repository.commonDir }, `refs/worklane/${lane.taskId}`)
  await mkdir(place, { recursive: true, mode: 0o700 })
  for (let n = 1; ; n += 1) {
    // Of a former lane.
    if (refs.some(({ ref }) => ref.startsWith(`${prefix}${n}/`))) continue
    // Making a directory is what only one of two at the same time succeeds in.
    const first = await mkdir(join(place, String(n))).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false
        throw error
      },
    )
    if (first) return `shell-${n}`
  }
}

/** Where nothing was committed and nothing named that has no name yet, there is nothing to keep. */
async function dropUnlessNew(
  { repository }: World,
  { taskId }: OwnedLane,
  { kept, tip }: { readonly kept: string; readonly tip: string | null },
): Promise<void> {
  const refs = await refTargets({ gitDir: repository.commonDir }, `refs/worklane/${taskId}`)
  const mine = refs.filter(({ ref }) => ref.startsWith(`${kept}/`))
  const known = new Set([tip, ...refs.filter((one) => !mine.includes(one)).map(({ oid }) => oid)])
  if (mine.every(({ oid }) => known.has(oid))) await deleteOwnRefs(repository.commonDir, mine)
}
