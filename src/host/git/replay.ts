import { type CommitRecord, writeCommit } from './commit.ts'
import { git } from './git.ts'
import { type ConflictFile, mergeOnto, treesOf } from './merge.ts'
import type { SharedPlace } from './tree-diff.ts'

export interface Replay {
  /** Oldest first, without merges. */
  readonly commits: readonly CommitRecord[]
  readonly onto: string
  readonly sign: boolean
}

export type ReplayAnswer =
  | { readonly kind: 'replayed'; readonly commit: string }
  | { readonly kind: 'conflict'; readonly files: readonly ConflictFile[]; readonly commit: string }
  | { readonly kind: 'unknown'; readonly reason: string }

/**
 * What `git rebase` does, without a worktree: each commit's change is merged onto the one before it, with its own
 * author, author date and message. A commit that changes nothing there is dropped; one that already stands where it
 * would be put is kept as it is.
 */
export async function replay(place: SharedPlace, { commits, onto, sign }: Replay): Promise<ReplayAnswer> {
  let tip = onto
  for (const commit of commits) {
    const parent = commit.parents[0] ?? (await emptyTree(place))
    if (parent === tip && !sign) {
      tip = commit.id
      continue
    }
    const merge = await mergeOnto(place, { base: parent, ours: tip, theirs: commit.id })
    if (merge.kind === 'unknown') return merge
    if (merge.kind === 'conflict') return { kind: 'conflict', files: merge.files, commit: commit.id }
    const [before] = await treesOf(place, [tip])
    if (merge.tree === before) continue
    const { author, message } = commit
    tip = await writeCommit(place, { tree: merge.tree, parents: [tip], message, author, sign })
  }
  return { kind: 'replayed', commit: tip }
}

async function emptyTree(place: SharedPlace): Promise<string> {
  const { stdout } = await git({ gitDir: place.commonDir }, ['mktree'], { input: '', writes: true })
  return stdout.trim()
}
