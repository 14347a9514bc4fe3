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
}

export type LandingAction = 'recover' | 'release' | 'land'

export interface LandingPlan {
  readonly action: LandingAction
  readonly landingId: number
  readonly what: string
  readonly why: string
}

/**
 * Pure. One landing at a time: what a crash left in the middle first, then entries that can go on, then the first
 * of the queue. Only called by the process that has the landing role, and while it lands nothing itself: so whatever
 * is in the middle was left there.
 */
export function planQueue(sight: QueueSight): LandingPlan[] {
  const plan = (action: LandingAction, landingId: number, what: string, why: string): LandingPlan => ({
    action,
    landingId,
    what,
    why,
  })
  const interrupted = sight.entries.filter(
    ({ state }) => state === 'merging' || state === 'verifying' || state === 'moving',
  )
  if (interrupted.length > 0)
    return interrupted.map(({ id, taskId }) =>
      plan(
        'recover',
        id,
        `Settle the interrupted landing of task ${taskId}.`,
        'The process that landed it is gone.',
      ),
    )
  const free = sight.entries.filter((entry) => entry.state === 'held' && entry.free)
  if (free.length > 0)
    return free.map(({ id, taskId }) =>
      plan('release', id, `Queue task ${taskId} again.`, 'What held it is gone.'),
    )
  const first = sight.entries.find(({ state }) => state === 'queued')
  return first === undefined ? [] : [plan('land', first.id, `Land task ${first.taskId}.`, 'It is completed.')]
}
