import { setTimeout as wait } from 'node:timers/promises'
import type { LedgerEvent } from '../board/event.ts'
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

/**
 * Tells the events that came since it was last called, at first those after `since`; and in words what a new lane lacks,
 * once for all that lack the same.
 */
export function eventTeller({ world, report }: Context, since: number): () => Promise<void> {
  let seen = since
  const warned = new Set<string>()
  return async () => {
    for (const event of await eventsAfter(world.ledger.db, seen)) {
      for (const text of warningsOf(event)) {
        if (!warned.has(text)) report({ kind: 'text', text })
        warned.add(text)
      }
      report({ kind: 'event', event })
      seen = event.seq
    }
  }
}

function warningsOf({ type, data }: LedgerEvent): string[] {
  const { warnings } = data
  if (type !== 'lane.created' || !Array.isArray(warnings)) return []
  return warnings.filter((text) => typeof text === 'string')
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
