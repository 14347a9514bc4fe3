import type { EventType, LedgerEvent } from '../../../board/event.ts'
import { isKept, sayNames } from '../../../board/shared-state.ts'
import { plainText } from './terminal-text.ts'
import { shortCommit } from './wording.ts'

/**
 * What others changed in what all worktrees share, in one plain phrase; null where nobody needs to read of it. Mostly it is a person's own doing, and then this says nothing new.
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
  'repository.refs_changed': refs,
}

/** What git itself makes and removes in the course of a command is left out. */
function refs({ vanished, appeared, moved }: Data): string | null {
  const all = [
    ...named(vanished, ({ at }) => `is gone (${at})`),
    ...named(appeared, ({ at }) => `is new (${at})`),
    ...named(moved, ({ from, to }) => `moved from ${from} to ${to}`),
  ]
  if (all.length === 0) return null
  const more = all.length > 3 ? ` and ${all.length - 3} more` : ''
  return `refs changed, not by Worklane: ${all.slice(0, 3).join(', ')}${more}`
}

type Commits = Readonly<Record<'at' | 'from' | 'to', string>>

function named(list: unknown, say: (commits: Commits) => string): string[] {
  return (Array.isArray(list) ? list : []).flatMap((one: unknown) => {
    const { ref, at, from, to } = (one ?? {}) as Readonly<Record<string, unknown>>
    if (!isKept(text(ref))) return []
    const name = plainText(text(ref)).replace(/^refs\/(heads|tags)\//, '')
    const [short, before, now] = [at, from, to].map((commit) => shortCommit(text(commit)))
    return [`${name} ${say({ at: short ?? '', from: before ?? '', to: now ?? '' })}`]
  })
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
