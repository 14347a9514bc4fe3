import { inBytes, LANE_NEEDS, type LaneLimits } from './limits.ts'

/** What a run's processes use together. */
export interface Usage {
  /** Bytes now. */
  readonly memory: number
  /** The most that it was; 0: not known. */
  readonly peakMemory: number
  readonly processes: number
  /** Processes that the system ended for want of memory, from the start. */
  readonly memoryKills: number
  /** Processes that were not started because there were too many, from the start. */
  readonly refusedForks: number
  /** Open files of the process that has the most. */
  readonly mostFiles: number
}

/** Which limit a run met. */
export interface LimitCause {
  readonly limit: keyof LaneLimits
  /** One sentence for people and for the next attempt. */
  readonly text: string
  /** We ended the run for it; else it went on with what it could not have. */
  readonly ended: boolean
}

/** What is remembered from one look at a run to the next. */
export interface Watch {
  readonly last: Usage
  /** Looks in a row in which the limit refused something. */
  readonly forksRefused: number
  readonly memoryRefused: number
  /** The most open files that one process was seen with. */
  readonly mostFiles: number
}

const NOTHING: Usage = {
  memory: 0,
  peakMemory: 0,
  processes: 0,
  memoryKills: 0,
  refusedForks: 0,
  mostFiles: 0,
}
export const NEW_WATCH: Watch = { last: NOTHING, forksRefused: 0, memoryRefused: 0, mostFiles: 0 }

/**
 * Looks, one second apart, in which a limit must bite before the run is ended: a build that tries too much once gets
 * its error and may do with less, a fork bomb never ends by itself.
 */
const LOOKS = 3

export function watchOn(watch: Watch, usage: Usage): Watch {
  const { last } = watch
  return {
    last: usage,
    forksRefused: usage.refusedForks > last.refusedForks ? watch.forksRefused + 1 : 0,
    memoryRefused: usage.memoryKills > last.memoryKills ? watch.memoryRefused + 1 : 0,
    mostFiles: Math.max(watch.mostFiles, usage.mostFiles),
  }
}

/** Why a run must be ended now. `enforced`: the system itself holds the limits; else only our looking does. */
export function overload(watch: Watch, limits: LaneLimits, enforced: boolean): LimitCause | null {
  if (watch.forksRefused >= LOOKS || (!enforced && watch.last.processes > limits.processes))
    return processesCause(watch, limits, true)
  if (watch.memoryRefused >= LOOKS || (!enforced && watch.last.memory > limits.memory))
    return memoryCause(watch, limits, true)
  return null
}

/** Which limit a run met that has ended by itself: it may be why it failed. */
export function metLimit(watch: Watch, limits: LaneLimits): LimitCause | null {
  if (watch.last.memoryKills > 0) return memoryCause(watch, limits, false)
  if (watch.last.refusedForks > 0) return processesCause(watch, limits, false)
  if (watch.mostFiles >= FULL * limits.files)
    return {
      limit: 'files',
      text: `One of its processes had ${watch.mostFiles} files open; the limit is ${limits.files} (limits.files).`,
      ended: false,
    }
  return null
}

/** A few descriptors are never used: those below three, and the ones that a program keeps in reserve. */
const FULL = 0.98

export function diskCause(taken: number, limits: LaneLimits): LimitCause {
  const text = `The disk limit of ${inBytes(limits.disk)} was reached (limits.disk): the lane takes ${inBytes(taken)}, its own HOME and /tmp included. Nothing of it was removed; keep less in it.`
  return { limit: 'disk', text, ended: true }
}

/** What is left of a disk, or what a lane takes of it. */
export interface DiskAmount {
  readonly bytes: number
  /** Null: the file system has no limit of them. */
  readonly files: number | null
}

/** Files that must be left for more, on every disk: file systems have so many that nobody sets it. */
const FILES_FLOOR = 10 * LANE_NEEDS.inodes
/** Growth that is no reason to end a run. */
const LEAST_GROWTH = { bytes: 5_000_000, files: LANE_NEEDS.inodes }

/** What a disk is nearly out of. `floor`: bytes that must be left; 0: nothing is defended. */
export function shortOf({ bytes, files }: DiskAmount, floor: number): keyof DiskAmount | null {
  if (bytes < floor) return 'bytes'
  return floor > 0 && files !== null && files < FILES_FLOOR ? 'files' : null
}

/** Half of the files above the floor have gone from one look to another: who made them must be known below it. */
export function filesGoFast(before: number | null, now: number | null): boolean {
  return before !== null && now !== null && before - now > (before - FILES_FLOOR) / 2
}

/** Why the lane that grew fastest is ended; null: it has not grown enough for that. */
export function floorCause(kind: keyof DiskAmount, left: number, grown: number): LimitCause | null {
  if (grown < LEAST_GROWTH[kind]) return null
  const text =
    kind === 'bytes'
      ? `The disk was nearly full (${inBytes(left)} left), and this lane grew fastest: ${inBytes(grown)} in the last seconds. Nothing of it was removed; keep less in it.`
      : `The disk had room for ${left} more files, and this lane made most: ${grown} in the last seconds. Nothing of it was removed; keep fewer in it.`
  return { limit: 'disk', text, ended: true }
}

/** The kernel takes back what it can before it ends a process, so the peak lies just below the limit. */
const NEARLY = 0.95

function processesCause({ last }: Watch, { processes }: LaneLimits, ended: boolean): LimitCause {
  const how =
    last.refusedForks > 0 ? `${last.refusedForks} more were not started` : `${last.processes} lived at once`
  return {
    limit: 'processes',
    text: `The limit of ${processes} processes was reached (limits.processes): ${how}.`,
    ended,
  }
}

function memoryCause({ last }: Watch, { memory }: LaneLimits, ended: boolean): LimitCause {
  const how =
    last.memoryKills > 0
      ? `the system ended ${last.memoryKills} of its processes`
      : `it used ${inBytes(last.memory)}`
  if (last.memoryKills > 0 && last.peakMemory > 0 && last.peakMemory < NEARLY * memory)
    return {
      limit: 'memory',
      text: `Memory was short though the run used ${inBytes(last.peakMemory)} at most, below its limit of ${inBytes(memory)}: ${how}. All lanes together may have been too many (limits.totalMemory, agents.parallel).`,
      ended,
    }
  return {
    limit: 'memory',
    text: `The memory limit of ${inBytes(memory)} was reached (limits.memory): ${how}.`,
    ended,
  }
}
