import { setTimeout as wait } from 'node:timers/promises'
import * as z from 'zod'
import { MOVABLE_LANDING_STATES } from '../board/landing.ts'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { Engine } from '../engine/engine.ts'
import { type LandingOptions, landingController } from '../engine/landing/controller.ts'
import { pushController } from '../engine/landing/push.ts'
import { retryFaulty } from '../engine/landing/retry.ts'
import { lanesController } from '../engine/lanes/controller.ts'
import { refreshController } from '../engine/lanes/refresh-controller.ts'
import { refuseWithoutWalls } from '../engine/sandbox.ts'
import { leave, take } from '../engine/session.ts'
import { findEngine } from '../ledger/engines.ts'
import { eventsAfter, lastSequence } from '../ledger/events.ts'
import { isLandingPaused } from '../ledger/landing-pause.ts'
import { landingQueue, latestLandings } from '../ledger/landings.ts'
import { needTask } from '../ledger/tasks.ts'
import { taskId } from './fields.ts'
import { landCommand } from './land-command.ts'
import { type Context, operation } from './operation.ts'
import { viewPush } from './push-view.ts'
import { eventTeller, tellUntil } from './tell-events.ts'

export default operation({
  summary: 'Work the landing queue until nothing can move',
  examples: ['worklane land', 'worklane land 7 --verify "npm test"', 'worklane land --every-commit'],
  positional: { field: 'ids', label: 'ID', many: true },
  input: z.object({
    ids: z.array(taskId).optional().describe('Answer about these tasks only; the queue keeps its order'),
    verify: z
      .string()
      .trim()
      .min(1)
      .optional()
      .describe('Command that must succeed on the exact merged commit'),
    everyCommit: z
      .boolean()
      .optional()
      .describe(
        'Verify each landing by itself, not only several together; with landing.style rebase each of its commits',
      ),
  }),
  async run(context, { ids, verify, everyCommit }) {
    const { world } = context
    for (const id of ids ?? []) {
      const task = await needTask(world.ledger.db, id)
      if (isRefusal(task)) return task
      if (task.state !== 'completed' && task.state !== 'landed')
        return refuse(
          'not-completed',
          `Task ${id} is ${task.state.replace('_', ' ')}, so there is nothing to land.`,
          task.state === 'in_progress'
            ? `Hand it in with: worklane complete ${id} --epoch ${task.epoch}`
            : `See what it waits for: worklane task show ${id}`,
        )
    }
    const unprotected = await refuseWithoutWalls(world)
    if (unprotected !== null) return unprotected
    const since = await lastSequence(world.ledger.db)
    const only = ids === undefined ? null : new Set(ids)
    await retryFaulty(world, { only, verify: verify ?? world.settings.landing.verify })
    const done = new AbortController()
    const telling = tellUntil(done.signal, eventTeller(context, since))
    const worked = await workQueue(context, { insist: verify, everyCommit }).finally(async () => {
      done.abort()
      await telling
    })
    return isRefusal(worked)
      ? worked
      : await report(context, { ids: ids ?? null, since, verify: verify ?? null })
  },
})

/** Lands in this process, or waits while another one does. */
async function workQueue(
  context: Context,
  asked: Pick<LandingOptions, 'insist' | 'everyCommit'>,
): Promise<null | Refusal> {
  const { world, stop, hurry } = context
  const { verify } = world.settings.landing
  const mayLand = async (): Promise<boolean> => true
  while (!(await take(world, 'landing'))) {
    if (stop.aborted || !(await anyMovable(context))) return null
    await wait(50)
  }
  const controllers = [
    landingController(world, { verify, ...asked, mayLand, paused: () => stop.aborted, hurry }),
    lanesController(world),
    refreshController(world, { paused: () => stop.aborted, tellEvery: 0 }),
    pushController(world, { mayPush: () => !stop.aborted }),
  ]
  const engine = new Engine(world, controllers)
  try {
    await engine.settle(async () => stop.aborted)
    await engine.drain()
  } finally {
    if ((await findEngine(world.ledger.db, 'engine'))?.identity !== world.self) await leave(world)
  }
  return null
}

async function anyMovable({ world }: Context): Promise<boolean> {
  return (await landingQueue(world.ledger.db)).some(({ state }) => MOVABLE_LANDING_STATES.includes(state))
}

const ENDS: Readonly<Record<string, 'landed' | 'rejected' | 'conflicted'>> = {
  'landing.landed': 'landed',
  'landing.rejected': 'rejected',
  'landing.conflicted': 'conflicted',
}

interface Reported {
  /** Null: all. */
  readonly ids: readonly number[] | null
  readonly since: number
  /** What was asked for in place of all other verify commands. */
  readonly verify: string | null
}

/** What became of the queue since `since`, and what is held now. */
async function report({ world }: Context, { ids, since, verify }: Reported) {
  const { db } = world.ledger
  const landings = await latestLandings(db)
  const wanted = (task: number): boolean => ids === null || ids.includes(task)
  const answer: Record<'landed' | 'rejected' | 'conflicted' | 'held' | 'waiting', object[]> = {
    landed: [],
    rejected: [],
    conflicted: [],
    held: [],
    waiting: [],
  }
  const alsoLanded: number[] = []
  for (const event of await eventsAfter(db, since, 1_000_000)) {
    const end = ENDS[event.type]
    const task = Number(event.data.task)
    const landing = landings.get(task)
    if (end === undefined || landing === undefined) continue
    if (!wanted(task)) {
      if (end === 'landed') alsoLanded.push(task)
      continue
    }
    const { candidate, base, verified, reason, files } = landing
    answer[end].push(
      end === 'landed'
        ? { task, commit: candidate, base, verified }
        : { task, reason, files: event.data.files ?? files },
    )
  }
  for (const { taskId: task, state, reason, files } of await landingQueue(db))
    if (wanted(task) && state === 'held')
      answer.held.push({ task, state, reason, files, next: landCommand(verify) })
    else if (wanted(task)) answer.waiting.push({ task, state, reason, files })
  return { ...answer, alsoLanded, paused: await isLandingPaused(db), push: await viewPush(world) }
}
