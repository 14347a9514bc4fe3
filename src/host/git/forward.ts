import { writeCommit } from './commit.ts'
import { type GitPlace, git } from './git.ts'
import { mergeBases, mergeTrees } from './merge.ts'
import { checkMerge } from './oracle.ts'
import { contains } from './refs.ts'
import type { SharedPlace } from './tree-diff.ts'

export interface Behind {
  readonly tip: string
  /** Where base is, and the commit of it that the branch has. */
  readonly base: string
  readonly startPoint: string
  /** Of a merge, where one is needed. */
  readonly message: string
}

/**
 * The commit that a branch gets to by a fast-forward to have all of base: base itself, or for a branch with commits of
 * its own a merge that is clean and holds what both sides say. Null: it has all of base, or base was rewritten, or the
 * two conflict. Touches no ref and no worktree.
 */
export async function upToDate(place: SharedPlace, behind: Behind): Promise<string | null> {
  const { tip, base, startPoint } = behind
  const at = { gitDir: place.commonDir }
  if (tip === base || (await contains(at, tip, base)) || !(await contains(at, base, startPoint))) return null
  if (await contains(at, base, tip)) return base
  const [first, ...others] = await mergeBases(place, tip, base)
  const merge = first === undefined ? null : await mergeTrees(place, tip, base)
  if (first === undefined || merge?.kind !== 'clean') return null
  const { tree } = merge
  const lost = await checkMerge(place, { bases: [first, ...others], ours: tip, theirs: base, tree })
  if (lost.length > 0) return null
  return await writeCommit(place, { tree, parents: [tip, base], message: behind.message, sign: false })
}

/** Milliseconds. */
const PATIENCE = 10 * 60_000

/**
 * Fast-forwards the branch that is checked out. Refuses before anything moves where files are in the way, ignored ones
 * included. Its exit code is not asked for: HEAD tells.
 */
export async function fastForward(place: GitPlace, to: string): Promise<void> {
  const flags = ['--ff-only', '--no-overwrite-ignore', '--no-autostash', '--no-squash', '--no-stat']
  await git(place, ['merge', ...flags, '--no-verify-signatures', '--quiet', to], {
    answers: [0, 1, 2, 128],
    timeout: PATIENCE,
    writes: true,
  })
}
