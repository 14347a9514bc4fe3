import type { GitPlace } from '../host/git/git.ts'
import type { World } from './world.ts'

/** The checkout that ignored files come from: the main worktree, or the one that we stand in where there is none. */
export function mainCheckout(world: World): GitPlace & { readonly workTree: string } {
  const { root, rootGitDir } = world.repository
  return { gitDir: rootGitDir, workTree: root }
}
