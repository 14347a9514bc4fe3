import { lstat } from 'node:fs/promises'
import { type Checkout, placeOfCheckout } from './checkouts.ts'
import { git, gitBytes, splitZero } from './git.ts'
import { diskPath } from './path-bytes.ts'

/** Tags of `git ls-files -v`: lower case is assume-unchanged, S skip-worktree (git-ls-files(1)). */
const HIDDEN = /^(?:[a-z]|S) /

/**
 * Those of `paths` (as bytes) that the user changed after telling git not to look at them, with assume-unchanged or
 * skip-worktree. `git status` is silent about them, and a fast-forward refuses to overwrite them.
 */
export async function hiddenChanges(checkout: Checkout, paths: ReadonlySet<string>): Promise<string[]> {
  const { stdout } = await gitBytes(placeOfCheckout(checkout), ['ls-files', '-v', '-s', '-z'])
  const there: { readonly path: string; readonly object: string }[] = []
  for (const line of splitZero(stdout).filter((entry) => HIDDEN.test(entry))) {
    const path = line.slice(line.indexOf('\t') + 1)
    // The list for git is of lines.
    if (!paths.has(path) || path.includes('\n')) continue
    const stat = await lstat(diskPath(checkout.path, path)).catch(() => null)
    if (stat?.isFile()) there.push({ path, object: line.split(' ')[2] ?? '' })
  }
  if (there.length === 0) return []
  const input = Buffer.from(there.map(({ path }) => `${path}\n`).join(''), 'latin1')
  const stored = await git(placeOfCheckout(checkout), ['hash-object', '--stdin-paths'], { input })
  const objects = stored.stdout.split('\n')
  return there.filter(({ object }, at) => object !== objects[at]).map(({ path }) => path)
}
