import { inBytes } from '../../board/limits.ts'

/** Enough for a million objects, and what git keeps of deltas (core.deltaBaseCacheLimit, 96 MB). */
const FOR_ALL = 512_000_000

/**
 * Bytes that git may have of its own while it reads objects of a lane: one of 1.5 MB can be 1.5 GB when it is unpacked.
 * A file that is packed as a delta is held with its base and the delta.
 */
function mostHeap(largestFile: number): number {
  return FOR_ALL + 3 * largestFile
}

/**
 * Words of a shell before it starts git. From Linux 4.7 on it counts all that malloc(3) gets, and not the packs that
 * git maps (setrlimit(2)). What the lane's own limit holds to less already stays at that.
 */
export function limitHeap(largestFile: number): string {
  return `ulimit -d ${Math.ceil(mostHeap(largestFile) / 1024)} 2>/dev/null || true`
}

/** Why git failed, where it was for want of memory; null: for something else. */
export function whyTooMuch(said: string, largestFile: number): string | null {
  if (!/out of memory/i.test(said)) return null
  return `git needs more than ${inBytes(mostHeap(largestFile))} of memory for what it holds; an object in it must be far larger than sandbox.largestFile`
}
