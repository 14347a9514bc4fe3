import { join } from 'node:path'
import { isRefusal } from '../../board/refusal.ts'
import { asFault } from '../../host/fault.ts'
import { transact } from '../../ledger/transact.ts'
import { endVerifyRun, startVerifyRun, type VerifyResult, wasGreen } from '../../ledger/verify-runs.ts'
import type { World } from '../world.ts'
import { type VerifyAnswer, verifyCommit } from './verify.ts'

export interface VerifyJob {
  /** Whom the answer is for. */
  readonly key: string
  readonly commit: string
  readonly tree: string
  readonly command: string
  readonly environment: string
  /** Commits that have to be green as well, and are verified before. */
  readonly below: readonly { readonly commit: string; readonly tree: string }[]
  /** Whose work it is about, above base. */
  readonly tasks: readonly number[]
  /** Landing whose directory the log goes to. */
  readonly landing: number
  /** Whether nobody needs the answer any more, as when what it is about was withdrawn: then the run ends. */
  readonly isMoot: () => Promise<boolean>
}

export interface VerifyEnd {
  readonly job: VerifyJob
  readonly answer: VerifyAnswer | { readonly kind: 'stopped' }
  readonly log: string
}

/** Verify runs at the same time, each in a checkout of its own. */
export interface VerifySlots {
  readonly count: number
  /** Keys of the jobs at work. */
  readonly running: readonly string[]
  start(job: VerifyJob): void
  /** Those that are not to go on end, and answer `stopped`. */
  stop(isWanted: (key: string) => boolean): void
  /** The next that ends. Only while one runs. */
  next(): Promise<VerifyEnd>
}

type Run = typeof verifyCommit

/** Whether a run is moot is asked so often, in milliseconds. */
const LOOK_EVERY = 2_000

/** `hurry` aborted: all of them end at once. */
export function openSlots(
  world: World,
  count: number,
  hurry: AbortSignal,
  run: Run = verifyCommit,
): VerifySlots {
  const atWork = new Map<
    string,
    {
      readonly job: VerifyJob
      readonly slot: number
      readonly stop: AbortController
      readonly end: Promise<VerifyEnd>
    }
  >()
  /** While somebody waits: what is asked may be about to change otherwise. */
  const stopMoot = async (waiting: AbortSignal): Promise<void> => {
    for (const { job, stop } of atWork.values()) {
      // A look that fails is made again.
      const isMoot = await job.isMoot().catch(() => false)
      if (isMoot && !waiting.aborted) stop.abort()
    }
  }
  return {
    count,
    get running() {
      return [...atWork.keys()]
    },
    start(job) {
      const taken = new Set([...atWork.values()].map(({ slot }) => slot))
      const slot = Array.from({ length: count }, (_, at) => at).find((at) => !taken.has(at)) ?? count
      const stop = new AbortController()
      const signal = AbortSignal.any([hurry, stop.signal])
      const end = work(world, job, { slot, signal, run })
      // Whoever waits next hears of what went wrong.
      end.catch(() => undefined)
      atWork.set(job.key, { job, slot, stop, end })
    },
    stop(isWanted) {
      for (const [key, { stop }] of atWork) if (!isWanted(key)) stop.abort()
    },
    async next() {
      const ends = [...atWork].map(([key, { end }]) =>
        end.then(
          (ended) => ({ key, ended }),
          (error: unknown) => {
            atWork.delete(key)
            throw error
          },
        ),
      )
      const waiting = new AbortController()
      const looks = setInterval(() => void stopMoot(waiting.signal), LOOK_EVERY)
      try {
        const { key, ended } = await Promise.race(ends)
        atWork.delete(key)
        return ended
      } finally {
        clearInterval(looks)
        waiting.abort()
      }
    },
  }
}

interface Place {
  readonly slot: number
  readonly signal: AbortSignal
  readonly run: Run
}

/** One after the other, up to the first that is not green. */
async function work(world: World, job: VerifyJob, place: Place): Promise<VerifyEnd> {
  for (const { commit, tree } of job.below) {
    if (await wasGreen(world.ledger.db, { ...job, tree })) continue
    const { answer, log } = await verify(world, { ...job, commit, tree }, place)
    if (answer.kind === 'green') continue
    const where = `In the commit ${commit.slice(0, 12)}, which would land as well:`
    return {
      job,
      answer: answer.kind === 'red' ? { kind: 'red', tail: `${where}\n${answer.tail}` } : answer,
      log,
    }
  }
  return await verify(world, job, place)
}

async function verify(world: World, job: VerifyJob, { slot, signal, run }: Place): Promise<VerifyEnd> {
  const { key: _, below: __, isMoot: ___, landing, ...subject } = job
  const logOf = (id: number): string =>
    join(world.repository.home, 'landings', String(landing), `verify-${id}.log`)
  const started = await transact(
    world.ledger,
    world.actor,
    async (tx) => await startVerifyRun(tx, { ...subject, slot }, logOf),
  )
  if (isRefusal(started)) throw new Error(started.message)
  const { id, log } = started
  const end = async (answer: VerifyEnd['answer']): Promise<VerifyEnd> => {
    await transact(world.ledger, world.actor, async (tx) => {
      await endVerifyRun(tx, id, RESULTS[answer.kind])
      return null
    })
    return { job, answer, log }
  }
  try {
    return await end(await run(world, { commit: job.commit, command: job.command, slot, log, hurry: signal }))
  } catch (error) {
    const fault = asFault(error)
    if (fault === null) throw error
    // A person ended it, or it is no longer wanted: no fault that counts.
    if (signal.aborted) return await end({ kind: 'stopped' })
    return await end({ kind: 'fault', reason: `${fault.message} ${fault.hint}`.trim() })
  }
}

const RESULTS: Readonly<Record<VerifyEnd['answer']['kind'], VerifyResult>> = {
  green: 'green',
  red: 'red',
  fault: 'fault',
  stopped: 'interrupted',
}
