import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { baseBranch } from '../engine/base.ts'
import { readyRepository } from '../engine/repository.ts'
import { refuseWithoutWalls } from '../engine/sandbox.ts'
import { openSession, type Session, type SessionOptions } from '../engine/session.ts'
import { branchTip } from '../host/git/refs.ts'
import { behindUpstream } from '../host/git/upstream.ts'
import { lastSequence } from '../ledger/events.ts'
import { laneDoor } from './lane-door.ts'
import type { Context } from './operation.ts'
import { tellNoWalls } from './sandbox.ts'
import { eventTeller, tellUntil, unlessFaulty } from './tell-events.ts'
import { troubleTeller } from './tell-trouble.ts'
import { tellWithheld } from './tell-withheld.ts'
import { snapshotter } from './view.ts'

export interface EngineWork extends Omit<SessionOptions, 'selection' | 'door'> {
  /** Ends when nothing is left to do, or only when asked to stop. */
  readonly until: 'done' | 'stopped'
}

/**
 * Runs the engine in this process and tells what happens, until it is done or asked to stop. `prepare` is called when
 * the engine is ours and the repository can be worked in, and nothing has changed yet; it answers which tasks.
 */
export async function workAsEngine(
  context: Context,
  work: EngineWork,
  prepare: () => Promise<ReadonlySet<number> | null | Refusal>,
): Promise<{ readonly base: string; readonly only: ReadonlySet<number> | null } | Refusal> {
  const { world } = context
  const ready = await readyRepository(world)
  if (ready !== null) return ready
  const unprotected = await refuseWithoutWalls(world)
  if (unprotected !== null) return unprotected
  const base = await baseBranch(world)
  if (isRefusal(base)) return base
  if ((await branchTip({ gitDir: world.repository.commonDir }, base)) === null)
    return refuse(
      'no-base',
      `The base branch ${base} has no commit.`,
      'Commit something on it first, or name another base in worklane.yaml.',
    )
  const selection: { only: ReadonlySet<number> | null } = { only: new Set() }
  const since = await lastSequence(world.ledger.db)
  const session = await openSession(world, { ...work, selection, door: laneDoor(context) })
  if (session === null)
    return refuse(
      'engine-running',
      'An engine works on this repository already.',
      'Give it more tasks with: worklane task add, or stop it with: worklane stop',
    )
  try {
    const only = await prepare()
    if (isRefusal(only)) return only
    selection.only = only
    tellNoWalls(context)
    await pointOutUpstream(context, base)
    await tellWithheld(context, work.command, only)
    await workAndTell(context, session, work, { base, since, selection })
    return { base, only }
  } finally {
    await session.close()
  }
}

async function pointOutUpstream({ world, report }: Context, base: string): Promise<void> {
  const upstream = await behindUpstream(world.repository, base)
  if (upstream === null || upstream.behind === 0) return
  const commits = upstream.behind === 1 ? 'commit' : 'commits'
  report({
    kind: 'text',
    text: `${base} is ${upstream.behind} ${commits} behind ${upstream.upstream}. New lanes start from it as it is; to bring it up to date: git pull`,
  })
}

interface Course {
  readonly base: string
  readonly selection: SessionOptions['selection']
  readonly since: number
}

async function workAndTell(
  context: Context,
  session: Session,
  work: EngineWork,
  course: Course,
): Promise<void> {
  const { stop, hurry } = context
  const stopNow = (now: boolean) => (): void => session.stop(now)
  stop.addEventListener('abort', stopNow(false))
  hurry.addEventListener('abort', stopNow(true))
  if (stop.aborted) session.stop(hurry.aborted)
  const done = new AbortController()
  const telling = tellAll(context, session, work, course, done.signal)
  try {
    const stopped = async (): Promise<boolean> => await isStopped(session, hurry)
    if (work.until === 'done') await session.engine.settle(stopped, { untilRoom: true })
    else await session.engine.work(async () => (await stopped()) && session.begun.size === 0)
    await session.engine.finish(stopped)
  } catch (error) {
    // A defect of ours: no agent is left behind without somebody who watches it.
    session.stop(true)
    await session.engine.drain()
    throw error
  } finally {
    done.abort()
    await telling
  }
}

/** Passes a stop on to the agents, those that started in the same moment included. */
async function isStopped(session: Session, hurry: AbortSignal): Promise<boolean> {
  if (!session.stopping && (await unlessFaulty(session.stopRequested, false))) session.stop(false)
  if (session.stopping) session.stop(hurry.aborted)
  return session.stopping
}

/** Events as they come, and a picture of all twice a second, until `done`; the last events are never left out. */
async function tellAll(
  context: Context,
  session: Session,
  work: EngineWork,
  course: Course,
  done: AbortSignal,
): Promise<void> {
  const look = snapshotter(context.world, session, { ...work, ...course })
  const tellTrouble = troubleTeller(session, context.report)
  const tellEvents = eventTeller(context, course.since)
  await tellUntil(done, async () => {
    tellTrouble()
    await tellEvents()
    context.report({ kind: 'snapshot', snapshot: await look() })
  })
}
