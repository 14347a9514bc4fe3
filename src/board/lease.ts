import { type Refusal, refuse } from './refusal.ts'

/** A point in time on two clocks: one that people and networks set, and one that only runs on. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Which start of the machine. */
  readonly boot: string
  /** Milliseconds, comparable within one start of the machine. */
  readonly steady: number
}

/** The right that a claim gives. Each has the epoch that its task had at the claim. */
export interface Lease {
  readonly taskId: number
  readonly epoch: number
  readonly holder: string
  /** Milliseconds since 1970 at which it may be taken over; null: never. */
  readonly until: number | null
  /** The same on the steady clock of `boot`, which decides there. */
  readonly steadyUntil: number | null
  readonly boot: string
  /** Length in milliseconds by which a heartbeat extends it; null: no end. */
  readonly length: number | null
  /** JSON identity of the process that makes the lane for it and has not answered yet; null from then on. */
  readonly claimant: string | null
  readonly endedAt: number | null
  readonly endReason: LeaseEnd | null
}

/** `forced` and `expired` leave a holder behind who may still be writing. */
export type LeaseEnd = 'completed' | 'released' | 'forced' | 'expired' | 'failed' | 'cancelled' | 'lost'

/** A clock that is set forward by an hour ends no lease, and one set back prolongs none. */
export function isExpired(lease: LeaseTime, { now, boot, steady }: Moment): boolean {
  if (lease.until === null) return false
  return lease.boot === boot && lease.steadyUntil !== null ? lease.steadyUntil <= steady : lease.until <= now
}

export type LeaseTime = Pick<Lease, 'until' | 'steadyUntil' | 'boot'>

/** `length` in milliseconds from now; null: no end. */
export function leaseUntil(length: number | null, { now, boot, steady }: Moment): LeaseTime {
  if (length === null) return { until: null, steadyUntil: null, boot }
  return { until: now + length, steadyUntil: steady + length, boot }
}

/**
 * Whether `epoch` still gives the right to act. A lease past its time that nobody took over is still good: the
 * epoch, not the clock, decides, so a jump of the clock takes nothing away from anybody.
 */
export function checkEpoch(taskId: number, live: Lease | null, epoch: number): Refusal | null {
  if (live !== null && live.epoch === epoch) return null
  if (live !== null && epoch > live.epoch)
    return refuse(
      'stale-lease',
      `Task ${taskId} has no epoch ${epoch} yet: it is at epoch ${live.epoch}, held by ${live.holder}.`,
      `Use the epoch that your claim answered with; see: worklane task show ${taskId}`,
    )
  const now = live === null ? 'nobody holds it now' : `it is at epoch ${live.epoch}, held by ${live.holder}`
  return refuse(
    'stale-lease',
    `Epoch ${epoch} of task ${taskId} is over: ${now}.`,
    `Stop working on it, or claim it again: worklane claim ${taskId} --as NAME`,
  )
}

/** True when the next holder must not share a directory with the previous one. */
export function leavesStranger(end: LeaseEnd | null): boolean {
  return end === 'forced' || end === 'expired'
}
