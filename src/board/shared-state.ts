/**
 * What all worktrees of a repository share and anybody may change: git's configuration, hooks, borrowed objects and
 * refs. Of values that may be secret only digests.
 */
export interface SharedState {
  /** Names of configuration keys as `safeKey` writes them, each with a digest of all its values. */
  readonly config: Readonly<Record<string, string>>
  /** The values of those of them that are no secret and say more than a name. */
  readonly values?: Readonly<Record<string, string>>
  /** The same keys read without git, each with a digest of its lines: to be compared with its like only. */
  readonly lines?: Readonly<Record<string, string>>
  /** Hooks that git would run or that a person put there, without the samples, each with a digest. */
  readonly hooks: Readonly<Record<string, string>>
  /** Lines of objects/info/alternates. */
  readonly alternates: readonly string[]
  /** Digest of info/attributes; null: there is none. */
  readonly attributes: string | null
  /** Full names, each with its object. Without our own and those that fetches move. */
  readonly refs: Readonly<Record<string, string>>
}

export interface NamesChanged {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /** What some of them were and are; null: not there. */
  readonly values?: readonly ValueChanged[]
}

export interface ValueChanged {
  readonly name: string
  readonly from: string | null
  readonly to: string | null
}

export interface RefAt {
  readonly ref: string
  readonly at: string
}

export interface RefsChanged {
  readonly appeared: readonly RefAt[]
  readonly moved: readonly { readonly ref: string; readonly from: string; readonly to: string }[]
  readonly vanished: readonly RefAt[]
}

/** What differs between two looks; null where nothing does. */
export interface SharedChange {
  readonly config: NamesChanged | null
  readonly hooks: NamesChanged | null
  readonly alternates: NamesChanged | null
  readonly attributes: NamesChanged | null
  readonly refs: RefsChanged | null
}

/** `ours`: full names of refs that we move ourselves: base, and the branches of lanes. */
export function sharedChange(
  before: SharedState,
  after: SharedState,
  ours: ReadonlySet<string>,
): SharedChange {
  return {
    config: withValues(
      namesChanged(without(before.config, isOrdinary), without(after.config, isOrdinary)),
      before.values,
      after.values,
    ),
    hooks: namesChanged(before.hooks, after.hooks),
    alternates: namesChanged(present(before.alternates), present(after.alternates)),
    attributes: namesChanged(attributesOf(before), attributesOf(after)),
    refs: refsChanged(
      without(before.refs, (ref) => isOurs(ref, ours)),
      without(after.refs, (ref) => isOurs(ref, ours)),
    ),
  }
}

/** What git writes by itself when a person makes, tracks or pushes a branch, or opens gitk. */
function isOrdinary(key: string): boolean {
  return /^(branch|gui)\./.test(key)
}

/**
 * Keys that make git run something, or send it elsewhere (git-config(1)): a change of these is worth a finding until a
 * person has looked at it.
 */
export function leadsAstray(key: string): boolean {
  return ASTRAY.test(key)
}

const ASTRAY = new RegExp(
  `^(${[
    'core\\.(hookspath|fsmonitor|sshcommand|editor|pager|askpass|gitproxy|worktree|bare|attributesfile|alternaterefscommand)',
    'sequence\\.editor|diff\\.external|interactive\\.difffilter|uploadpack\\.packobjectshook|init\\.templatedir',
    '(filter|alias|pager|credential|gpg|include|includeif|http|protocol|safe|url|extensions|submodule)\\..*',
    'diff\\..*\\.(command|textconv)|merge\\..*\\.driver|(diff|merge)tool\\..*\\.(cmd|path)',
    'remote\\..*\\.(url|pushurl|proxy|uploadpack|receivepack|vcs)',
  ].join('|')})$`,
)

/** Keys whose value is kept: a word, or a path. */
export function isPlain(key: string): boolean {
  return ['core.bare', 'core.hookspath', 'core.worktree'].includes(key)
}

/** A key as it may be shown: `url.https://ann:secret@host/.insteadOf` has a password in its name. */
export function safeKey(key: string): string {
  return key.replace(/\/\/[^/@\s]*@/g, '//…@')
}

/** What git itself makes and removes in the course of a command is no loss. */
export function isKept(ref: string): boolean {
  return ref.startsWith('refs/heads/') || ref.startsWith('refs/tags/')
}

/** Ours, or moved by every fetch: nothing that is said of them would be news. */
export function isOurs(ref: string, ours: ReadonlySet<string>): boolean {
  return ref.startsWith('refs/worklane/') || ref.startsWith('refs/remotes/') || ours.has(ref)
}

function namesChanged(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): NamesChanged | null {
  const added = Object.keys(after).filter((name) => !Object.hasOwn(before, name))
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(after, name))
  const changed = Object.keys(after).filter(
    (name) => Object.hasOwn(before, name) && before[name] !== after[name],
  )
  return added.length + removed.length + changed.length === 0 ? null : { added, changed, removed }
}

function withValues(
  names: NamesChanged | null,
  before: SharedState['values'] = {},
  after: SharedState['values'] = {},
): NamesChanged | null {
  if (names === null) return null
  const values = [...names.added, ...names.changed, ...names.removed]
    .map((name) => ({ name, from: before[name] ?? null, to: after[name] ?? null }))
    .filter(({ from, to }) => from !== to)
  return values.length === 0 ? names : { ...names, values }
}

function refsChanged(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): RefsChanged | null {
  const names = namesChanged(before, after)
  if (names === null) return null
  return {
    appeared: names.added.map((ref) => ({ ref, at: after[ref] ?? '' })),
    moved: names.changed.map((ref) => ({ ref, from: before[ref] ?? '', to: after[ref] ?? '' })),
    vanished: names.removed.map((ref) => ({ ref, at: before[ref] ?? '' })),
  }
}

function without(
  entries: Readonly<Record<string, string>>,
  left: (name: string) => boolean,
): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => !left(name)))
}

function present(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, 'there']))
}

function attributesOf({ attributes }: SharedState): Record<string, string> {
  return attributes === null ? {} : { 'info/attributes': attributes }
}

/** `pre-commit added, core.bare changed from false to true`; at most `most` names. */
export function sayNames({ added, changed, removed, values = [] }: NamesChanged, most = 6): string {
  const say = (what: string) => (name: string) => {
    const { from, to } = values.find((value) => value.name === name) ?? { from: null, to: null }
    return `${name} ${what}${from === null ? '' : ` from ${from}`}${to === null ? '' : ` to ${to}`}`
  }
  const all = [...added.map(say('added')), ...changed.map(say('changed')), ...removed.map(say('gone'))]
  const more = all.length - most
  return `${all.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
