import type { Session } from '../engine/session.ts'
import type { Context } from './operation.ts'

/** The same trouble is told again after so many milliseconds, for those who look in later. */
const AGAIN = 60_000

/** Tells what the engine waits for and tries again, each trouble once and then once a minute, and that it is over. */
export function troubleTeller(session: Session, report: Context['report']): () => void {
  const told = new Map<string, { readonly text: string; readonly at: number }>()
  const toldDefects = new Set<string>()
  const say = (text: string): void => report({ kind: 'text', text })
  return () => {
    const { trouble, defects } = session.engine
    for (const { what, error } of defects.values()) {
      if (toldDefects.has(what)) continue
      toldDefects.add(what)
      say(
        `A defect of Worklane: "${what}" is not tried again before the next start. ${error.stack ?? error.message}`,
      )
    }
    for (const [key, { error, notBefore }] of trouble) {
      const last = told.get(key)
      // Figures change all the time.
      const same = last?.text.replace(/\d+/g, '') === error.message.replace(/\d+/g, '')
      if (same && performance.now() - (last?.at ?? 0) < AGAIN) continue
      told.set(key, { text: error.message, at: performance.now() })
      say(Number.isFinite(notBefore) ? `Waiting, and trying again: ${error.message}` : error.message)
    }
    for (const key of told.keys()) {
      if (trouble.has(key)) continue
      told.delete(key)
      say('Going on.')
    }
  }
}
