import { readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { syncFileSystem } from '../files/sync.ts'
import { git, gitBytes } from '../git/git.ts'
import { setOwnRefs } from '../git/own-refs.ts'
import { type GitIndex, isFileMode } from './index-file.ts'
import type { Pin } from './manifest.ts'
import { FILL_INDEX, type Fill } from './pristine.ts'

/** What a name or an oid stands for in the repository. */
export interface GitObject {
  readonly oid: string
  readonly type: string
}

/** Names (HEAD, refs, oids) to objects, one process for all; what does not exist is not in the answer. */
export async function resolveObjects(
  adminDir: string,
  names: readonly string[],
): Promise<Map<string, GitObject>> {
  const answer = await gitBytes(
    { gitDir: adminDir },
    ['cat-file', '--batch-check=%(objectname) %(objecttype)', '--buffer'],
    // In a partial clone an absent object is not worth a fetch here.
    { input: `${names.join('\n')}\n`, env: { GIT_NO_LAZY_FETCH: '1', GIT_NO_REPLACE_OBJECTS: '1' } },
  )
  const found = new Map<string, GitObject>()
  for (const [n, line] of answer.stdout.split('\n').entries()) {
    const [oid = '', type = ''] = line.split(' ')
    const name = names[n]
    if (name !== undefined && /^(commit|tree|blob|tag)$/.test(type)) found.set(name, { oid, type })
  }
  return found
}

/**
 * As `resolveObjects` for a lane without commits of its own, which is the common case, without asking git: HEAD's
 * branch is a loose ref, and nothing but its commit and protected ones is mentioned. Null where that is not so. That
 * the commit exists is seen when it is pinned.
 */
export function resolveUnworked(
  commonDir: string,
  refs: { readonly head: string | null; readonly branch: string },
  mentioned: Iterable<string>,
  protectedCommits: readonly string[],
): Map<string, GitObject> | null {
  if (refs.head !== refs.branch) return null
  let oid: string
  try {
    oid = readFileSync(`${commonDir}/${refs.branch}`, 'utf8').trim()
  } catch {
    return null
  }
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(oid)) return null
  for (const other of mentioned) if (other !== oid && !protectedCommits.includes(other)) return null
  const tip = { oid, type: 'commit' }
  return new Map([
    ['HEAD', tip],
    [refs.branch, tip],
  ])
}

/** Everything in a text that can be the name of an object. */
export function objectNames(text: string): string[] {
  return (text.match(/\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/g) ?? []).filter((oid) => !/^0+$/.test(oid))
}

/** What the present index keeps alive beyond the fill: staged blobs, sides of conflicts, cached trees. */
export function indexObjects(current: GitIndex | null, fill: Fill | null): Set<string> {
  const oids = new Set<string>()
  if (current === null || current === fill?.index) return oids
  for (const { mode, oid } of current.entries) if (isFileMode(mode) || mode === 0o040000) oids.add(oid)
  for (const oid of current.others) oids.add(oid)
  for (const { oid } of fill?.index.entries ?? []) oids.delete(oid)
  for (const oid of fill?.index.others ?? []) oids.delete(oid)
  return oids
}

export interface PinPlan {
  /** Always pinned under their names: `head`, `branch`, `fill`. */
  readonly named: ReadonlyMap<string, string>
  /** Commits that need a ref unless a named or a protected one reaches them. */
  readonly commits: readonly string[]
  readonly tags: readonly string[]
  /** Trees and blobs, which one tree can hold together. */
  readonly loose: readonly GitObject[]
}

/** Decides what needs a ref. Pure. */
export function planPins(
  named: ReadonlyMap<string, string>,
  objects: Iterable<GitObject>,
  protectedCommits: readonly string[],
): PinPlan {
  const seen = new Set([...named.values(), ...protectedCommits])
  const commits: string[] = []
  const tags: string[] = []
  const loose: GitObject[] = []
  for (const object of objects) {
    if (seen.has(object.oid)) continue
    seen.add(object.oid)
    if (object.type === 'commit') commits.push(object.oid)
    else if (object.type === 'tag') tags.push(object.oid)
    else loose.push(object)
  }
  return { named, commits, tags, loose }
}

/** Writes the refs in one transaction; returns what was written. */
export async function writePins(
  commonDir: string,
  refPrefix: string,
  plan: PinPlan,
  protectedCommits: readonly string[],
): Promise<Pin[]> {
  const tree = plan.loose.length === 0 ? null : await holdTogether(commonDir, plan.loose)
  const commits = await unreached(commonDir, plan, protectedCommits)
  const pins = [...plan.named].map(([name, oid]) => ({ ref: `${refPrefix}/${name}`, oid }))
  if (tree !== null) pins.push({ ref: `${refPrefix}/objects`, oid: tree })
  for (const [n, oid] of [...commits, ...plan.tags].entries())
    pins.push({ ref: `${refPrefix}/kept/${n + 1}`, oid })
  if (pins.length > 0) {
    // A ref must not name what a power cut could take: it would break gc and fetch for everybody.
    await syncFileSystem(commonDir)
    await setOwnRefs(commonDir, new Map(pins.map(({ ref, oid }) => [ref, oid])))
  }
  return pins
}

/** A tree that names each object by its oid: one ref then keeps them all, and no new content enters git. */
async function holdTogether(commonDir: string, loose: readonly GitObject[]): Promise<string> {
  const lines = loose.map(
    ({ oid, type }) => `${type === 'tree' ? '040000' : '100644'} ${type} ${oid}\t${oid}\0`,
  )
  const answer = await git({ gitDir: commonDir }, ['mktree', '-z'], {
    input: lines.join(''),
    writes: true,
  })
  return answer.stdout.trim()
}

/** The newest of the commits that nothing named or protected reaches: they reach the rest. */
async function unreached(
  commonDir: string,
  plan: PinPlan,
  protectedCommits: readonly string[],
): Promise<readonly string[]> {
  if (plan.commits.length === 0) return []
  const reached = [plan.named.get('head'), plan.named.get('branch'), ...protectedCommits]
  const lines = [...plan.commits, ...reached.filter((oid) => oid !== undefined).map((oid) => `^${oid}`)]
  const answer = await git(
    { gitDir: commonDir },
    ['rev-list', '--ignore-missing', '--parents', '--stdin'],
    // Real parents: gc does not follow refs/replace either.
    { input: `${lines.join('\n')}\n`, answers: [0, 128], env: { GIT_NO_REPLACE_OBJECTS: '1' } },
  )
  // A broken history cannot be walked; then each commit gets a ref of its own.
  if (answer.exitCode !== 0) return plan.commits
  const listed = new Set<string>()
  const parents = new Set<string>()
  for (const line of answer.stdout.split('\n')) {
    const [commit = '', ...above] = line.split(' ')
    if (commit !== '') listed.add(commit)
    for (const parent of above) parents.add(parent)
  }
  return plan.commits.filter((oid) => listed.has(oid) && !parents.has(oid))
}

/** The tree of everything that was checked out, which keeps the blobs of untouched files. */
export async function fillTree(adminDir: string, fill: Fill, scratch: string): Promise<string> {
  if (fill.index.rootTree !== null) return fill.index.rootTree
  // write-tree stores the trees it computes in the index that it reads, so it gets a copy.
  const indexFile = `${scratch}/index`
  await copyFile(`${adminDir}/${FILL_INDEX}`, indexFile)
  const answer = await git({ gitDir: adminDir, indexFile }, ['write-tree'], { writes: true })
  return answer.stdout.trim()
}
