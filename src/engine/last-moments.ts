import type { World } from './world.ts'

/** Milliseconds. What ordinary work needs to be taken in: only a lane that keeps git waiting takes longer. */
const LAST_MOMENTS = 4_000

const known = new WeakMap<AbortSignal, AbortSignal>()

/**
 * Ends git of ours that works in a lane, soon after the user wants it to end now: what it has not done stays in the lane
 * as it is. Looks, which lose nothing, end with `World.hurry` itself.
 */
export function lastMoments({ hurry }: Pick<World, 'hurry'>): AbortSignal {
  const before = known.get(hurry)
  if (before !== undefined) return before
  const end = new AbortController()
  const count = (): void => void setTimeout(() => end.abort(), LAST_MOMENTS).unref()
  if (hurry.aborted) count()
  else hurry.addEventListener('abort', count, { once: true })
  known.set(hurry, end.signal)
  return end.signal
}
