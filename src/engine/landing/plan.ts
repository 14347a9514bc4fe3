import type { LandingState } from '../../board/landing.ts'

/** What is seen of the queue, in its order. */
export interface QueueSight {
  readonly entries: readonly {
    readonly id: number
    readonly taskId: number
    readonly state: LandingState
    /** For a held entry: whether what held it is gone. */
    readonly free: boolean
  }[]
  /** How many failed once and are to be verified again; they are not among the entries. */
  readonly suspects: number
  /** Nothing new is to start. */
  readonly paused: boolean
}

export type LandingAction = 'recover' | 'release' | 'land' | 'withdraw'

export interface LandingPlan {
  readonly action: LandingAction
  /** Null: the whole queue. */
  readonly landingId: number | null
  readonly what: string
  readonly why: string
}

/**
 * Pure. What a crash left in the middle first, then entries that can go on, then the queue. Only called by the process
 * that has the landing role, and while it lands nothing itself: so whatever is in the middle was left there.
 */
export function planQueue({ entries, suspects, paused }: QueueSight): LandingPlan[] {
  const interrupted = entries.filter(({ state }) => IN_THE_MIDDLE.includes(state))
  if (interrupted.length > 0)
    return interrupted.map(({ id, taskId }) => ({
      action: 'recover',
      landingId: id,
      what: `Settle the interrupted landing of task ${taskId}.`,
      why: 'The process that landed it is gone.',
    }))
  const free = entries.filter((entry) => entry.state === 'held' && entry.free)
  if (free.length > 0)
    return free.map(({ id, taskId }) => ({
      action: 'release',
      landingId: id,
      what: `Queue task ${taskId} again.`,
      why: 'What held it is gone.',
    }))
  const queued = entries.filter(({ state }) => state === 'queued').map(({ taskId }) => taskId)
  if (paused) return suspects === 0 ? [] : [WITHDRAW]
  if (queued.length === 0) return suspects === 0 ? [] : [AGAIN]
  const what = `Land ${queued.length === 1 ? 'task' : 'tasks'} ${queued.join(', ')}.`
  return [{ action: 'land', landingId: null, what, why: 'Completed.' }]
}

const IN_THE_MIDDLE: readonly LandingState[] = ['merging', 'verifying', 'moving']

const WITHDRAW: LandingPlan = {
  action: 'withdraw',
  landingId: null,
  what: 'Queue again what failed once.',
  why: 'Nothing new is to be verified.',
}

const AGAIN: LandingPlan = {
  action: 'land',
  landingId: null,
  what: 'Verify again what failed once.',
  why: 'Red is believed only when the same commit is red twice.',
}
