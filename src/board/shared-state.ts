/**
 * What all worktrees of a repository share and anybody may change: git's configuration, hooks, borrowed objects and
 * refs. Of values that may be secret only digests.
 */
export interface SharedState {
  /** Names of configuration keys as `safeKey` writes them, each with a digest of all its values. */
  readonly config: Readonly<Record<string, string>>
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
}

export interface RefsChanged {
  readonly appeared: readonly { readonly ref: string; readonly at: string }[]
  readonly moved: readonly { readonly ref: string; readonly from: string; readonly to: string }[]
  readonly vanished: readonly { readonly ref: string; readonly at: string }[]
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
    config: namesChanged(without(before.config, isOrdinary), without(after.config, isOrdinary)),
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

/** A key as it may be shown: `url.https://ann:secret@host/.insteadOf` has a password in its name. */
export function safeKey(key: string): string {
  return key.replace(/\/\/[^/@\s]*@/g, '//…@')
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

/** `pre-commit added, pre-push gone`; at most `most` names. */
export function sayNames({ added, changed, removed }: NamesChanged, most = 6): string {
  const all = [
    ...added.map((name) => `${name} added`),
    ...changed.map((name) => `${name} changed`),
    ...removed.map((name) => `${name} gone`),
  ]
  const more = all.length - most
  return `${all.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
