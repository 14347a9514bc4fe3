import { asFault } from '../fault.ts'
import { git } from './git.ts'
import type { RadarStore } from './radar-store.ts'

/** How a commit stands to base. */
export type OnBase =
  /** It has all of base: its tree is what a merge would give. */
  | { readonly kind: 'ahead'; readonly tree: string }
  /** Base has all of it. */
  | { readonly kind: 'within' }
  /** Base has gone on since, or git could not say. */
  | { readonly kind: 'apart' }

/** Milliseconds, and bytes of some 400,000 commits. */
const PATIENCE = 30_000
const MOST_BYTES = 64 * 1024 * 1024

/** How each commit stands to base, in order, with one process: most lanes start from where base is. */
export async function standToBase(
  store: RadarStore,
  commits: readonly string[],
  base: string,
): Promise<OnBase[]> {
  if (commits.length === 0) return []
  const args = ['rev-list', '--stdin', '--no-commit-header', '--format=%H %T %P']
  try {
    const input = [...new Set(commits), `^${base}`].map((line) => `${line}\n`).join('')
    const options = { input, timeout: PATIENCE, mostBytes: MOST_BYTES }
    const { stdout } = await git({ gitDir: store.gitDir }, args, options)
    const known = readCommits(stdout)
    return commits.map((commit) => standOf(commit, base, known))
  } catch (error) {
    if (asFault(error) === null) throw error
    return commits.map(() => ({ kind: 'apart' }))
  }
}

interface Listed {
  readonly tree: string
  readonly parents: readonly string[]
}

function readCommits(text: string): Map<string, Listed> {
  const lines = text.split('\n').filter((line) => line !== '')
  return new Map(
    lines.map((line) => {
      const [commit = '', tree = '', ...parents] = line.trimEnd().split(' ')
      return [commit, { tree, parents }]
    }),
  )
}

/** Listed is what base has not; so whoever gets from there to base by parents has all of it. */
function standOf(commit: string, base: string, known: ReadonlyMap<string, Listed>): OnBase {
  const tree = known.get(commit)?.tree
  if (tree === undefined) return { kind: 'within' }
  const toSee = new Set([commit])
  for (const at of toSee) {
    if (at === base) return { kind: 'ahead', tree }
    for (const parent of known.get(at)?.parents ?? []) toSee.add(parent)
  }
  return { kind: 'apart' }
}
