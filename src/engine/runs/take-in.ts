import type { Verdict } from '../../board/run.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { asFault, type Fault } from '../../host/fault.ts'
import { bringBack } from '../hand-over.ts'
import type { World } from '../world.ts'
import type { FinishedAttempt, Weighed } from './finish.ts'

export type TakenIn =
  /** `fault`: its commits are here, and what was not committed could not be looked at. */
  | { readonly kind: 'taken'; readonly head: string | null; readonly fault: Weighed | null }
  | { readonly kind: 'rejected'; readonly verdict: Verdict }

/**
 * What the agent left behind its walls, in the repository: first what it did not commit, by git inside; then all of
 * its commits, through the gate. Git that fails inside is the lane's own doing, and keeps nothing of the rest back.
 */
export async function takeIn(
  world: World,
  { task, lane }: FinishedAttempt,
  keepLeftovers: () => Promise<unknown>,
): Promise<TakenIn> {
  const fault = await faultOf(keepLeftovers)
  crashPoint('run.kept')
  const back = await bringBack(world, lane, String(task.epoch))
  if (back.kind === 'refused')
    return { kind: 'rejected', verdict: { outcome: 'failed', detail: back.reason } }
  const detail = `What the agent left uncommitted could not be taken in: ${fault?.message ?? ''}`
  const failed: Weighed | null =
    fault === null ? null : { verdict: { outcome: 'failed', detail }, result: null }
  return { kind: 'taken', head: back.head, fault: failed }
}

async function faultOf(work: () => Promise<unknown>): Promise<Fault | null> {
  try {
    await work()
    return null
  } catch (error) {
    const fault = asFault(error)
    if (fault === null) throw error
    return fault
  }
}
