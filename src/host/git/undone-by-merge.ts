import { undoneInMerge } from '../../board/one-side.ts'
import { gitBytes, gitLine, splitZero } from './git.ts'
import { mergeBases, mergeTrees, treesOf } from './merge.ts'
import { asText } from './path-bytes.ts'
import { contains } from './refs.ts'
import { type SharedPlace, treeDiff } from './tree-diff.ts'

/** A merge of base into a lane that took some of base's work away again. */
export interface UndoneWork {
  readonly merge: string
  /** The commit of base that was merged. */
  readonly from: string
  /** As text. */
  readonly paths: readonly string[]
}

/** Merges of a lane that are looked at, the newest first. */
const MOST_MERGES = 50

/**
 * What the merges of base in a lane dropped: paths that base alone had changed, in which nothing conflicted, that are as
 * before in the merge, and that no later commit touches. To land it would take back, without a word, what others have
 * landed: git sees it as a change that the lane wants. Null: nothing of the kind.
 */
export async function undoneByMerge(
  place: SharedPlace,
  { base, head }: { readonly base: string; readonly head: string },
): Promise<UndoneWork | null> {
  const args = ['rev-list', '--merges', '--parents', `--max-count=${MOST_MERGES}`, head, `^${base}`, '--']
  const listed = await gitLine({ gitDir: place.commonDir }, args)
  for (const line of listed.split('\n').filter((one) => one !== '')) {
    const [merge = '', ...parents] = line.split(' ')
    const undone = parents.length === 2 ? await undoneIn(place, { base, head, merge, parents }) : null
    if (undone !== null) return undone
  }
  return null
}

interface LaneMerge {
  readonly base: string
  readonly head: string
  readonly merge: string
  readonly parents: readonly string[]
}

async function undoneIn(
  place: SharedPlace,
  { base, head, merge, parents: [ours = '', theirs = ''] }: LaneMerge,
): Promise<UndoneWork | null> {
  const gitDir = { gitDir: place.commonDir }
  // Base may be the first parent too: of a lane that was merged into a copy of base.
  const [isFirst, isSecond] = [await contains(gitDir, base, ours), await contains(gitDir, base, theirs)]
  if (isFirst === isSecond) return null
  const [lane, from] = isSecond ? [ours, theirs] : [theirs, ours]
  const [[tree], git, bases] = await Promise.all([
    treesOf(place, [merge]),
    mergeTrees(place, lane, from),
    mergeBases(place, lane, from),
  ])
  const [before] = bases
  if (git.kind === 'unknown' || git.tree === tree || before === undefined || bases.length > 1) return null
  const [own = [], brought = [], made = []] = await Promise.all(
    [lane, from, merge].map(async (to) => await treeDiff(place, before, to)),
  )
  const undone = undoneInMerge({ ours: own, theirs: brought, result: made })
  if (undone.length === 0) return null
  const conflicts = new Set(git.kind === 'conflict' ? git.files.map(({ path }) => path) : [])
  const later = await touched(place, { merge, head })
  const paths = undone.filter((path) => !later.has(path)).map(asText)
  const quiet = paths.filter((path) => !conflicts.has(path))
  return quiet.length === 0 ? null : { merge, from, paths: quiet }
}

/** Paths, as bytes, of all commits after the merge. */
async function touched(
  place: SharedPlace,
  { merge, head }: Pick<LaneMerge, 'merge' | 'head'>,
): Promise<Set<string>> {
  const args = ['log', '--format=', '--name-only', '--no-renames', '-z', head, `^${merge}`, '--']
  return new Set(splitZero((await gitBytes({ gitDir: place.commonDir }, args)).stdout))
}
