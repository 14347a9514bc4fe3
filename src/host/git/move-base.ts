import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { crashPoint } from '../crash-point.ts'
import { Fault } from '../fault.ts'
import { syncFileSystem } from '../files/sync.ts'
import { type Checkout, type CheckoutPlace, checkoutsOf, placeOfCheckout } from './checkouts.ts'
import { git } from './git.ts'
import { identityEnvironment } from './identity.ts'
import { inTheWay } from './in-the-way.ts'
import { beginMove, endMove, isMoveOpen, settleMove } from './move-journal.ts'
import { branchTip, contains } from './refs.ts'

export interface BaseMove {
  /** Short name. */
  readonly branch: string
  /** The commit that the branch must be at, and the one that it moves to, a descendant. */
  readonly from: string
  readonly to: string
  /** For the reflog, such as `worklane: land task 7`. */
  readonly reason: string
}

/**
 * Something of the user is in the way: `files` are named as in the worktree, locks by their full path. `where`: the
 * worktree, or several, one a line. `reason` is a clause that stands by itself.
 */
export interface Held {
  readonly kind: 'held'
  readonly files: readonly string[]
  readonly where: string
  readonly reason: string
}

export type MoveAnswer =
  | { readonly kind: 'moved' }
  /** Somebody moved it first; nothing was touched. Null: the branch is gone. */
  | { readonly kind: 'base-changed'; readonly now: string | null }
  /** Nothing was touched. */
  | Held

/** Milliseconds. A checkout that is stopped half-way leaves files half-moved, so there is ample time. */
const CHECKOUT_TIMEOUT = 60 * 60_000

/**
 * Moves base, which is one ref, from one commit to the next. Where no worktree has it checked out, by
 * compare-and-swap. Where one has, by a fast-forward merge in it, which takes its index and files along and refuses
 * before anything moves: `update-ref` would leave the landing staged as its own reversal. Only the ref says whether it
 * moved; git's messages are not read.
 */
export async function moveBase(place: CheckoutPlace, move: BaseMove): Promise<MoveAnswer> {
  const at = { gitDir: place.commonDir }
  const now = await branchTip(at, move.branch)
  if (now !== move.from) return { kind: 'base-changed', now }
  if (!(await contains(at, move.to, move.from)))
    throw new Fault(`${move.to} does not contain ${move.from}.`, { retry: 'never' })
  const way = await look(place, move)
  if (way.held !== null) return way.held
  return way.checkout === null
    ? await moveRefOnly(place, move)
    : await moveCheckout(place, way.checkout, move)
}

/** What would hold the move now; null: nothing. Takes no lock and changes nothing. */
export async function heldBy(place: CheckoutPlace, move: Move): Promise<Held | null> {
  const way = await look(place, move)
  if (way.held !== null || way.checkout === null) return way.held
  // What a killed move left there is undone before the next one.
  if (await isMoveOpen(way.checkout)) return lockHeld(place, way.checkout, move)
  return (await obstacle(place, way.checkout, move)).held
}

/**
 * After a crash: undoes what a killed move left in the checkout of base, without waiting for the next move. Null: all
 * is in order. Only for the one process that may move base.
 */
export async function settleBase(place: CheckoutPlace, branch: string): Promise<Held | null> {
  const { checkout } = await look(place, { branch })
  if (checkout === null || (await settleMove(checkout))) return null
  return lockHeld(place, checkout, { branch }) ?? changed(checkout)
}

type Move = Omit<BaseMove, 'reason'>
type Way =
  | { readonly held: Held; readonly checkout: null }
  | { readonly held: null; readonly checkout: Checkout | null }

/** The one worktree that has base checked out, if there is one; held where there are more, or it cannot be reached. */
async function look(place: CheckoutPlace, { branch }: Pick<Move, 'branch'>): Promise<Way> {
  const stop = (where: string, reason: string): Way => ({ held: held(where, reason), checkout: null })
  const args = ['symbolic-ref', '--quiet', `refs/heads/${branch}`]
  const symbolic = await git({ gitDir: place.commonDir }, args, { answers: [0, 1] })
  if (symbolic.exitCode === 0)
    return stop(place.commonDir, `${branch} is another name for ${symbolic.stdout.trim()}`)
  const { here, missing } = await checkoutsOf(place, branch)
  const away = missing.filter((checkout) => checkout.expected)
  const all = [...here, ...away].map(({ path }) => path)
  if (all.length > 1) return stop(all.join('\n'), `${branch} is checked out in more than one worktree`)
  if (away.length > 0)
    return stop(all.join('\n'), `${branch} is checked out in a worktree that cannot be reached`)
  return { held: null, checkout: here[0] ?? null }
}

function held(where: string, reason: string, files: readonly string[] = []): Held {
  return { kind: 'held', files, where, reason }
}

/**
 * A worktree that checks the branch out between our look and the swap would see the landing as its own reversal, as
 * after any `git fetch` into a branch; git has no lock against that.
 */
async function moveRefOnly(place: CheckoutPlace, move: BaseMove): Promise<MoveAnswer> {
  const at = { gitDir: place.commonDir }
  const args = ['update-ref', '-m', move.reason, `refs/heads/${move.branch}`, move.to, move.from]
  const { exitCode } = await git(at, args, {
    answers: [0, 1, 128],
    // Git gives up on another process's lock after a tenth of a second otherwise.
    config: ['core.filesRefLockTimeout=1000', 'core.fsync=all'],
    writes: true,
  })
  if (exitCode === 0) return { kind: 'moved' }
  const answer = await settled(place, move)
  return answer ?? lockHeld(place, null, move) ?? held(place.commonDir, `git refused to move ${move.branch}`)
}

/** What the ref says after an attempt; null: it is where it was. */
async function settled(place: CheckoutPlace, move: BaseMove): Promise<MoveAnswer | null> {
  const now = await branchTip({ gitDir: place.commonDir }, move.branch)
  if (now === move.to) return { kind: 'moved' }
  return now === move.from ? null : { kind: 'base-changed', now }
}

/** Locks of a git that runs, or was killed: with one on the ref a merge would move the files and then fail. */
function lockHeld(
  place: CheckoutPlace,
  checkout: Checkout | null,
  { branch }: Pick<Move, 'branch'>,
): Held | null {
  const locks = [
    join(place.commonDir, 'refs', 'heads', `${branch}.lock`),
    ...(checkout === null ? [] : ['index.lock', 'HEAD.lock'].map((name) => join(checkout.gitDir, name))),
  ].filter((lock) => existsSync(lock))
  return locks.length === 0
    ? null
    : held(checkout?.path ?? place.commonDir, 'a lock of git is in the way', locks)
}

async function moveCheckout(place: CheckoutPlace, checkout: Checkout, move: BaseMove): Promise<MoveAnswer> {
  if (!(await settleMove(checkout))) return lockHeld(place, checkout, move) ?? changed(checkout)
  const before = await obstacle(place, checkout, move)
  if (before.held !== null) return before.held
  if (!(await standsOn(checkout, move))) return (await settled(place, move)) ?? changed(checkout)
  await beginMove(checkout, { ...move, kept: before.kept })
  crashPoint('base.journaled')
  const { fault, said } = await fastForward(checkout, move)
  crashPoint('base.moved')
  const answer = await settled(place, move)
  if (answer?.kind === 'moved') {
    await syncFileSystem(checkout.path)
    await endMove(checkout)
    crashPoint('base.confirmed')
    return answer
  }
  const isClean = await settleMove(checkout)
  if (answer !== null) return answer
  if (fault !== null) throw fault
  if (!isClean) return lockHeld(place, checkout, move) ?? changed(checkout)
  const after = await obstacle(place, checkout, move)
  const why = said === '' ? '' : `: ${said}`
  return after.held ?? held(checkout.path, `git refused to move ${move.branch} in ${checkout.path}${why}`)
}

function changed(checkout: Checkout): Held {
  return held(checkout.path, `${checkout.path} changed at this moment`)
}

async function obstacle(
  place: CheckoutPlace,
  checkout: Checkout,
  move: Move,
): Promise<{ held: Held | null; kept: readonly string[] }> {
  const { operation, files, kept } = await inTheWay(checkout, move)
  const stop = (reason: string): { held: Held; kept: readonly string[] } => ({
    held: held(checkout.path, reason, files),
    kept,
  })
  if (operation !== null) return stop(`a ${operation} is under way in ${checkout.path}`)
  if (!checkout.attached) return stop(`${move.branch} is in use in ${checkout.path}`)
  return files.length > 0
    ? stop(`files in ${checkout.path} would be overwritten`)
    : { held: lockHeld(place, checkout, move), kept }
}

/** Whether HEAD is the branch and the branch is at `from`: a fast-forward must never move anything else. */
async function standsOn(checkout: Checkout, move: BaseMove): Promise<boolean> {
  const at = placeOfCheckout(checkout)
  const head = await git(at, ['symbolic-ref', '--quiet', 'HEAD'], { answers: [0, 1] })
  return (
    head.stdout.trim() === `refs/heads/${move.branch}` && (await branchTip(at, move.branch)) === move.from
  )
}

/**
 * Its exit code is not asked for: the ref tells. What the user's merge settings could change is set here. Answers the
 * fault when git crashed or was stopped, for then there is something to put in order first, and what git said last, for
 * people alone.
 */
async function fastForward(
  checkout: Checkout,
  move: BaseMove,
): Promise<{ fault: Fault | null; said: string }> {
  const at = placeOfCheckout(checkout)
  const args = [
    'merge',
    '--ff-only',
    '--no-overwrite-ignore',
    '--no-autostash',
    '--no-squash',
    '--no-verify-signatures',
    '--quiet',
    move.to,
  ]
  const options = {
    answers: [0, 1, 2, 128],
    config: ['checkout.workers=2', 'core.fsync=all'],
    env: { ...(await identityEnvironment(at)), GIT_REFLOG_ACTION: move.reason },
    timeout: CHECKOUT_TIMEOUT,
    writes: true,
  }
  try {
    const { stderr } = await git(at, args, options)
    return { fault: null, said: lastLine(stderr) }
  } catch (error) {
    if (error instanceof Fault) return { fault: error, said: '' }
    throw error
  }
}

function lastLine(said: string): string {
  const line = said.trim().split('\n').at(-1) ?? ''
  return line
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/\.$/, '')
    .slice(0, 200)
}
