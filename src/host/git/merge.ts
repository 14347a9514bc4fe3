import { Fault } from '../fault.ts'
import { emptyDirectory } from './empty-directory.ts'
import { type GitAnswer, git, gitBytes, gitLine } from './git.ts'
import { nameInLanes, readConflictKinds } from './merge-records.ts'
import { asText } from './path-bytes.ts'
import type { SharedPlace } from './tree-diff.ts'

export interface ConflictFile {
  readonly path: string
  /** Git's own stable word for it, such as `CONFLICT (contents)` (git-merge-tree(1)). */
  readonly kind: string
}

export type MergeAnswer =
  | { readonly kind: 'clean'; readonly tree: string }
  /** The tree holds the files with conflict markers in them. */
  | { readonly kind: 'conflict'; readonly tree: string; readonly files: readonly ConflictFile[] }
  /** Git failed, crashed or took too long: nothing is known, above all not that it is clean. */
  | { readonly kind: 'unknown'; readonly reason: string }

/** Milliseconds. 6,000 renames took 28 s without a limit on them, 0.9 s with 400 (measured, git 2.39). */
const MERGE_TIMEOUT = 60_000

/**
 * The same result for everybody: what a person likes in their own merges has no say. merge.directoryRenames is off in
 * every git of ours (git.ts).
 */
export const MERGE_CONFIG = [
  'merge.renames=true',
  'merge.renameLimit=1000',
  'merge.renormalize=false',
  'merge.default=text',
  'merge.conflictStyle=merge',
  'core.attributesFile=/dev/null',
]

/**
 * Merges two commits without touching any worktree. Attributes and merge drivers of the project do not apply: git
 * reads them from where it stands, and it stands in an empty directory.
 */
export async function mergeTrees(place: SharedPlace, ours: string, theirs: string): Promise<MergeAnswer> {
  try {
    const [answer] = await Promise.all([runMergeTree(place, ours, theirs), readBoth(place, ours, theirs)])
    if (answer.kind !== 'unknown' || (await mergeBases(place, ours, theirs)).length > 0) return answer
    return { kind: 'unknown', reason: 'The two histories have no commit in common.' }
  } catch (error) {
    if (!(error instanceof Fault) || error.retry === 'never') throw error
    return { kind: 'unknown', reason: error.message }
  }
}

/**
 * Fails when a tree that tells the two sides apart cannot be read. merge-tree takes a missing tree for an empty one
 * (seen in git 2.39) and would call it clean that everything in it is gone.
 */
async function readBoth(place: SharedPlace, ours: string, theirs: string): Promise<void> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', ours, theirs, '--']
  await gitBytes({ gitDir: place.commonDir }, args, { timeout: MERGE_TIMEOUT })
}

export interface ThreeTrees {
  /** Commits or trees. */
  readonly base: string
  readonly ours: string
  readonly theirs: string
}

/**
 * Three-way merge with a base of our choice: what cherry-pick and revert do. `merge-tree --merge-base` needs git
 * 2.40, so the three trees are dressed as commits, one parent and its two children. They have a fixed author and
 * date, so the same trees give the same objects.
 */
export async function mergeOnto(place: SharedPlace, trees: ThreeTrees): Promise<MergeAnswer> {
  const [base = '', ours = '', theirs = ''] = await treesOf(place, [trees.base, trees.ours, trees.theirs])
  if (ours === base || ours === theirs) return { kind: 'clean', tree: theirs }
  if (theirs === base) return { kind: 'clean', tree: ours }
  const root = await dress(place, base, [])
  const sides = await Promise.all([dress(place, ours, [root]), dress(place, theirs, [root])])
  return await mergeTrees(place, ...sides)
}

/** Object ids of the trees of commits or trees. */
export async function treesOf(place: SharedPlace, revisions: readonly string[]): Promise<string[]> {
  const args = ['rev-parse', ...revisions.map((revision) => `${revision}^{tree}`)]
  return (await gitLine({ gitDir: place.commonDir }, args)).split('\n')
}

const DRESS = {
  GIT_AUTHOR_NAME: 'Worklane',
  GIT_AUTHOR_EMAIL: 'worklane@localhost',
  GIT_AUTHOR_DATE: '@1 +0000',
  GIT_COMMITTER_NAME: 'Worklane',
  GIT_COMMITTER_EMAIL: 'worklane@localhost',
  GIT_COMMITTER_DATE: '@1 +0000',
}

async function dress(place: SharedPlace, tree: string, parents: readonly string[]): Promise<string> {
  const args = ['commit-tree', ...parents.flatMap((parent) => ['-p', parent]), tree]
  return await gitLine({ gitDir: place.commonDir }, args, { input: '', env: DRESS, writes: true })
}

async function runMergeTree(place: SharedPlace, ours: string, theirs: string): Promise<MergeAnswer> {
  const workTree = await emptyDirectory(place)
  const answer = await gitBytes(
    { gitDir: place.commonDir, workTree },
    ['merge-tree', '--write-tree', '-z', '--name-only', ours, theirs],
    {
      answers: [0, 1, 128],
      timeout: MERGE_TIMEOUT,
      config: MERGE_CONFIG,
      env: { GIT_ATTR_NOSYSTEM: '1' },
      writes: true,
    },
  )
  return readMergeTree(answer)
}

/**
 * `<tree> NUL`, then for conflicts the paths, an empty field and records of paths, kind and message. Exit 1 alone
 * proves nothing: git also answers 1, and prints no tree, for a name that it does not know.
 */
function readMergeTree({ exitCode, stdout, stderr }: GitAnswer): MergeAnswer {
  const said = stderr.trim().slice(0, 300)
  const [tree = '', ...fields] = stdout.split('\0')
  if (exitCode > 1 || !/^[0-9a-f]{40,64}$/.test(tree))
    return { kind: 'unknown', reason: `git merge-tree gave no result (exit ${exitCode}): ${said}` }
  if (exitCode === 0) return { kind: 'clean', tree }
  const end = fields.indexOf('')
  const kinds = readConflictKinds(fields.slice(end + 1))
  const paths = end > 0 ? fields.slice(0, end) : [...kinds.keys()]
  const files = paths.map((path) => {
    const kind = kinds.get(path) ?? 'CONFLICT'
    return { path: asText(nameInLanes(path, kind)), kind }
  })
  return { kind: 'conflict', tree, files }
}

/**
 * Best common ancestors, more than one after criss-cross merges; none: unrelated histories. `env` where the commits are
 * in an object store of ours.
 */
export async function mergeBases(
  place: SharedPlace,
  ours: string,
  theirs: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const args = ['merge-base', '--all', ours, theirs]
  const { stdout } = await git({ gitDir: place.commonDir }, args, { answers: [0, 1], env })
  return stdout.split('\n').filter((line) => line !== '')
}
