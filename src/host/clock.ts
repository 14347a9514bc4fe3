import type { Moment } from '../board/lease.ts'
import { bootIdentity } from './process/identity.ts'

/** Now, on the clock that people set and on the one since the machine started, which all its processes share. */
export function currentMoment(): Moment {
  return { now: Date.now(), boot: bootIdentity(), steady: Number(process.hrtime.bigint() / 1_000_000n) }
}
