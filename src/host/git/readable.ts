import { Fault } from '../fault.ts'
import { git, gitBytes } from './git.ts'
import { mergeBases } from './merge.ts'
import { type ObjectStore, objectEnvironment } from './object-store.ts'

export interface MergePair {
  readonly key: string
  /** Ids of commits. */
  readonly ours: string
  readonly theirs: string
}

/** Why nothing can be said about a pair, by its key. */
export type Reasons = Map<string, string>

interface CommitParts {
  readonly parents: readonly string[]
}

/** Milliseconds. */
const PATIENCE = 60_000
/** Processes that look for merge bases. */
const AT_ONCE = 4

/**
 * Which pairs git could merge into something wrong. merge-tree takes the tree of a commit for empty when it cannot be
 * read, and passes others on unread (seen in git 2.39); so every tree that tells a side from a merge base is read here.
 * And two histories without a common commit end a whole batch.
 */
export async function unmergeable(store: ObjectStore, pairs: readonly MergePair[]): Promise<Reasons> {
  const reasons: Reasons = new Map()
  const commits = await readParents(store, pairs)
  const lines = new Map<string, string[]>()
  const open = [...pairs]
  const worker = async (): Promise<void> => {
    for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
      const bases = await basesOf(store, commits, pair)
      if (typeof bases === 'string') reasons.set(pair.key, bases)
      else lines.set(pair.key, comparisons(pair, bases))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  const broken = await unreadable(store, [...new Set([...lines.values()].flat())])
  for (const [key, needed] of lines)
    for (const line of needed) {
      const reason = broken.get(line)
      if (reason !== undefined) reasons.set(key, reason)
    }
  return reasons
}

/** Those commits whose own tree is there too. */
async function readParents(
  store: ObjectStore,
  pairs: readonly MergePair[],
): Promise<ReadonlyMap<string, CommitParts>> {
  const ids = [...new Set(pairs.flatMap(({ ours, theirs }) => [ours, theirs]))].filter(isId)
  const ask = async (args: readonly string[], input: readonly string[]): Promise<string> =>
    (await gitBytes({ gitDir: store.commonDir }, args, { input: lined(input), ...settings(store) })).stdout
  const [text, trees] = await Promise.all([
    ask(['cat-file', '--batch'], ids),
    ask(
      ['cat-file', '--batch-check=%(objecttype)'],
      ids.map((id) => `${id}^{tree}`),
    ),
  ])
  const whole = trees.split('\n').map((type) => type === 'tree')
  const commits = readCommits(text)
  return new Map(
    ids.flatMap((id, at) => {
      const commit = commits.get(id)
      return commit !== undefined && whole[at] === true ? [[id, commit] as const] : []
    }),
  )
}

/** Records of `<id> commit <bytes> LF <content> LF`, or one line for what is missing or something else. */
function readCommits(text: string): Map<string, CommitParts> {
  const commits = new Map<string, CommitParts>()
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at)
    const [id = '', type, size] = text.slice(at, end).split(' ')
    const content = text.slice(end + 1, end + 1 + Number(size ?? 0))
    if (type === 'commit') commits.set(id, { parents: parentsIn(content) })
    at = size === undefined ? end + 1 : end + 2 + Number(size)
  }
  return commits
}

function parentsIn(content: string): string[] {
  const header = content.slice(0, content.indexOf('\n\n') + 1)
  return [...header.matchAll(/^parent ([0-9a-f]+)$/gm)].map((match) => match[1] ?? '')
}

/**
 * Every merge base that git would use: several bases are merged with each other first, by bases of their own. Commits
 * with one and the same parent, as most of ours are, need no git to tell.
 */
async function basesOf(
  store: ObjectStore,
  commits: ReadonlyMap<string, CommitParts>,
  { ours, theirs }: MergePair,
): Promise<readonly string[] | string> {
  const [a, b] = [commits.get(ours), commits.get(theirs)]
  if (a === undefined || b === undefined) return 'A commit, or its tree, cannot be read.'
  const [parent, ...others] = a.parents
  if (parent !== undefined && others.length === 0 && b.parents.length === 1 && b.parents[0] === parent)
    return [parent]
  try {
    const bases = await mergeBasesOfAll(store, ours, theirs)
    return bases.length > 0 ? bases : 'The two histories have no commit in common.'
  } catch (error) {
    if (!(error instanceof Fault) || error.retry === 'never') throw error
    return error.message
  }
}

async function mergeBasesOfAll(store: ObjectStore, ours: string, theirs: string): Promise<string[]> {
  const found = new Set<string>()
  const open: [string, string][] = [[ours, theirs]]
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const bases = (await mergeBases(store, ...pair, objectEnvironment(store))).filter(
      (base) => !found.has(base),
    )
    for (const base of bases) {
      for (const other of found) open.push([base, other])
      found.add(base)
    }
  }
  return [...found]
}

/** What to compare, so that every tree is read in which a side differs from a base. */
function comparisons({ ours, theirs }: MergePair, bases: readonly string[]): string[] {
  return bases.flatMap((base) => [`${ours} ${base}`, `${theirs} ${base}`])
}

/** Lines of two commits of which a tree, where they differ, cannot be read; and why. */
async function unreadable(store: ObjectStore, lines: readonly string[]): Promise<Reasons> {
  if (lines.length === 0) return new Map()
  const args = ['diff-tree', '--stdin', '-r', '-s', '--no-renames', '--ignore-submodules=none']
  try {
    await git({ gitDir: store.commonDir }, args, { input: lined(lines), ...settings(store) })
    return new Map()
  } catch (error) {
    if (!(error instanceof Fault) || error.retry === 'never') throw error
    if (lines.length === 1) return new Map(lines.map((line) => [line, error.message]))
    const half = lines.length >> 1
    const halves = [lines.slice(0, half), lines.slice(half)]
    const found = await Promise.all(halves.map(async (part) => await unreadable(store, part)))
    return new Map(found.flatMap((part) => [...part]))
  }
}

function isId(text: string): boolean {
  return /^[0-9a-f]{40,64}$/.test(text)
}

function lined(words: readonly string[]): string {
  return words.map((word) => `${word}\n`).join('')
}

function settings(store: ObjectStore): { env: Record<string, string>; timeout: number } {
  return { env: objectEnvironment(store), timeout: PATIENCE }
}
