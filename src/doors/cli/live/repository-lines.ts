import type { EventType, LedgerEvent } from '../../../board/event.ts'
import { isKept, sayNames } from '../../../board/shared-state.ts'
import { plainText } from './terminal-text.ts'
import { shortCommit } from './wording.ts'

/**
 * What others changed in what all worktrees share, in one plain phrase; null where it is ordinary work that nobody
 * needs to read of. Mostly it is a person's own doing, and then this says nothing new.
 */
export function repositoryLine({ type, subject, data }: LedgerEvent): string | null {
  return WORDINGS[type]?.(data, subject) ?? null
}

type Data = LedgerEvent['data']

const LOOK = 'if it was not you, see: worklane doctor'

const WORDINGS: Readonly<Partial<Record<EventType, (data: Data, subject: string) => string | null>>> = {
  'base.moved': (data, subject) =>
    data.by === 'other'
      ? `${plainText(subject.replace(/^base\//, ''))} moved to ${shortCommit(text(data.to))}, not by a landing; landings go on from there`
      : null,
  'base.push_failed': (data, subject) =>
    `${plainText(subject.replace(/^base\//, ''))} was not pushed to ${plainText(text(data.remote))}: ${plainText(text(data.reason))}; tried again at the next landing`,
  'repository.config_changed': (data) => `git's configuration changed: ${names(data)}; ${LOOK}`,
  'repository.hooks_changed': (data) => `hooks changed: ${names(data)}; ${LOOK}`,
  'repository.alternates_changed': (data) => `borrowed objects changed: ${names(data)}; ${LOOK}`,
  'repository.attributes_changed': (data) => `git's attributes changed: ${names(data)}; ${LOOK}`,
  'repository.refs_changed': (data) => vanished(data.vanished),
}

/** New and moved branches and tags are ordinary work; one that is gone can be brought back, as long as its end is known. */
function vanished(list: unknown): string | null {
  const gone = (Array.isArray(list) ? list : []).flatMap((one: unknown) => {
    const { ref, at } = (one ?? {}) as { ref?: unknown; at?: unknown }
    const name = plainText(text(ref)).replace(/^refs\/(heads|tags)\//, '')
    return isKept(text(ref)) ? [`${name} (${shortCommit(text(at))})`] : []
  })
  if (gone.length === 0) return null
  const more = gone.length > 3 ? ` and ${gone.length - 3} more` : ''
  return `refs are gone, not by Worklane: ${gone.slice(0, 3).join(', ')}${more}`
}

/** Read without trust: another version may have written it. */
function names(data: Data): string {
  const list = (name: string): string[] => {
    const value = data[name]
    return Array.isArray(value) ? value.map((one) => plainText(text(one))) : []
  }
  const values = (Array.isArray(data.values) ? data.values : []).map((one: unknown) => {
    const { name, from, to } = (one ?? {}) as Readonly<Record<string, unknown>>
    return { name: plainText(text(name)), from: said(from), to: said(to) }
  })
  return sayNames({ added: list('added'), changed: list('changed'), removed: list('removed'), values })
}

function said(value: unknown): string | null {
  return typeof value === 'string' ? plainText(value) : null
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
