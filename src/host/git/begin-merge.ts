import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type GitPlace, git, splitZero } from './git.ts'
import { identityEnvironment } from './identity.ts'
import { unfinishedOperation } from './lane-state.ts'
import { commitOf } from './refs.ts'

export interface MergeToBegin {
  /** The commit to merge; its id is the label of its side in the markers. */
  readonly onto: string
  readonly message: string
  /** Whether the work tree holds work that is not committed. */
  readonly isDirty: () => Promise<boolean>
}

export type BegunMerge =
  /** Nothing was left to resolve, and the merge is committed. */
  | { readonly kind: 'merged'; readonly onto: string }
  /** In progress, with markers in these files; maybe since an earlier attempt, with what was base then. */
  | { readonly kind: 'open'; readonly onto: string; readonly files: readonly string[] }
  /** The work tree has all of it already. */
  | { readonly kind: 'contained' }
  /** Not begun: there is something that is not committed, another operation in progress, or git refuses. */
  | { readonly kind: 'left'; readonly reason: string }

/** Milliseconds; it may write every file of the work tree. */
const PATIENCE = 2 * 60_000

/**
 * Merges a commit into a clean work tree and leaves the merge in progress where it conflicts: zdiff3 markers, what
 * merged by itself staged, and resolutions that were recorded in this very git directory used again. Recorded is
 * nothing outside of walls: there the cache of rerere is the whole repository's, and what an agent makes of a conflict
 * is nobody else's before it has been verified.
 */
export async function beginMerge(
  place: GitPlace,
  { onto, message, isDirty }: MergeToBegin,
): Promise<BegunMerge> {
  const unfinished = unfinishedOperation(place.gitDir)
  if (unfinished === 'merge') return await openMerge(place, onto)
  if (unfinished !== null) return { kind: 'left', reason: `a ${unfinished} is in progress` }
  if (await isDirty()) return { kind: 'left', reason: 'some of the work in it is not committed' }
  const walled = place.walls !== undefined
  const how = ['--no-ff', '--no-commit', '--no-verify-signatures', '--no-autostash', '-s', 'ort']
  const { exitCode, stderr } = await git(place, ['merge', '-q', ...how, '-m', message, onto], {
    writes: true,
    timeout: PATIENCE,
    answers: [0, 1, 2, 128],
    env: await identityEnvironment(place),
    config: [
      'merge.conflictStyle=zdiff3',
      'merge.renameLimit=1000',
      `rerere.enabled=${walled}`,
      `rerere.autoUpdate=${walled}`,
    ],
  })
  if (!existsSync(join(place.gitDir, 'MERGE_HEAD')))
    return exitCode === 0
      ? { kind: 'contained' }
      : { kind: 'left', reason: `git refuses it: ${stderr.trim().slice(-300)}` }
  const open = await openMerge(place, onto)
  if (open.kind !== 'open' || open.files.length > 0) return open
  await git(place, ['commit', '-q', '--no-verify', '--no-gpg-sign', '-F', '-'], {
    writes: true,
    timeout: PATIENCE,
    input: message,
    env: await identityEnvironment(place),
  })
  return { kind: 'merged', onto }
}

async function openMerge(place: GitPlace, fallback: string): Promise<BegunMerge> {
  const { stdout } = await git(place, ['ls-files', '--unmerged', '-z'])
  const files = [...new Set(splitZero(stdout).map((entry) => entry.slice(entry.indexOf('\t') + 1)))]
  return { kind: 'open', onto: (await commitOf(place, 'MERGE_HEAD')) ?? fallback, files }
}

/** Those of the files in which a commit still has the end of a marker of that merge. */
export async function leftMarkers(
  place: GitPlace,
  {
    commit,
    onto,
    files,
  }: { readonly commit: string; readonly onto: string; readonly files: readonly string[] },
): Promise<string[]> {
  if (files.length === 0) return []
  const args = ['grep', '-l', '-z', '-F', '-e', `>>>>>>> ${onto}`, commit, '--', ...files]
  const { stdout } = await git(place, args, { answers: [0, 1], env: { GIT_LITERAL_PATHSPECS: '1' } })
  return splitZero(stdout).map((name) => name.slice(commit.length + 1))
}
