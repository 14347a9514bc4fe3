import { setTimeout as wait } from 'node:timers/promises'
import { asFault } from '../host/fault.ts'
import { eventsAfter } from '../ledger/events.ts'
import type { Context } from './operation.ts'

/** Tells twice a second until `done`, and once more then: the last is never left out. */
export async function tellUntil(done: AbortSignal, tell: () => Promise<void>): Promise<void> {
  for (;;) {
    const last = done.aborted
    await unlessFaulty(tell, undefined)
    if (last) return
    await wait(400, undefined, { signal: done }).catch(() => undefined)
  }
}

/** Tells the events that came since it was last called, at first those after `since`. */
export function eventTeller({ world, report }: Context, since: number): () => Promise<void> {
  let seen = since
  return async () => {
    for (const event of await eventsAfter(world.ledger.db, seen)) {
      report({ kind: 'event', event })
      seen = event.seq
    }
  }
}

/** What only looks can look again later: on a full disk not even SQLite's readers always get through. */
export async function unlessFaulty<T>(look: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await look()
  } catch (error) {
    if (asFault(error)?.retry !== 'later') throw error
    return otherwise
  }
}
