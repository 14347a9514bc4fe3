import { git, gitLine } from './git.ts'
import { commitOf } from './refs.ts'
import type { SharedPlace } from './tree-diff.ts'

export interface UpstreamDistance {
  /** Short name, such as `origin/main`. */
  readonly upstream: string
  /** Commits that upstream has and the branch has not. */
  readonly behind: number
  readonly ahead: number
}

/**
 * How far a branch is from its upstream as last fetched; nothing is fetched. Null: no upstream is configured, or it
 * was never fetched.
 */
export async function behindUpstream(place: SharedPlace, branch: string): Promise<UpstreamDistance | null> {
  const at = { gitDir: place.commonDir }
  const ref = `refs/heads/${branch}`
  const format = '--format=%(upstream)%00%(upstream:short)'
  const [full = '', upstream = ''] = (await gitLine(at, ['for-each-ref', format, ref])).split('\0')
  if (full === '' || (await commitOf(at, full)) === null) return null
  const args = ['rev-list', '--left-right', '--count', `${ref}...${full}`, '--']
  const [ahead, behind] = (await git(at, args)).stdout.trim().split('\t').map(Number)
  return { upstream, behind: behind ?? 0, ahead: ahead ?? 0 }
}
