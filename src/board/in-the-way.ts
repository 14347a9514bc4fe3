import { sameEntry, type TreeChange, type TreeEntry } from './one-side.ts'

/** A tracked path of a worktree that is not as in HEAD. */
export interface DirtyPath {
  readonly path: string
  /** What is staged there; null: nothing, it was deleted or is only meant to be added. */
  readonly staged: TreeEntry | null
  readonly onDisk: boolean
  /** True: a merge conflict, which blocks every merge. */
  readonly unmerged: boolean
}

export interface WorktreeState {
  readonly dirty: readonly DirtyPath[]
  /** Untracked and ignored paths; `x/` stands for a whole directory that git does not list. */
  readonly loose: readonly string[]
}

export interface Blockers {
  readonly paths: readonly string[]
  /** Dirty paths that the fast-forward changes too and that are not in its way. */
  readonly kept: readonly string[]
  /** In or at directories that git does not look into: in the way only if the disk has something at `path`. */
  readonly unsure: readonly { readonly directory: string; readonly path: string }[]
}

/**
 * What a fast-forward over `changes` would overwrite or be refused for. A path that is already staged as the
 * fast-forward wants it is not in the way: git keeps it, and whatever is on top of it (git-read-tree(1), two tree
 * merge, cases 14 and 15). Nor is one that both deleted. Files and directories of one name are in each other's way.
 */
export function blockersOf(state: WorktreeState, changes: readonly TreeChange[]): Blockers {
  const changed = new Map(changes.map((change) => [change.path, change]))
  const arriving = changes.filter((change) => change.after !== null)
  const needed = new Set(arriving.flatMap((change) => directoriesOf(change.path)))
  const arrivals = new Set(arriving.map((change) => change.path))
  const swaps = (path: string): boolean =>
    needed.has(path) || directoriesOf(path).some((directory) => arrivals.has(directory))
  const dirty = state.dirty.filter(({ path, staged, onDisk, unmerged }) => {
    const change = changed.get(path)
    if (unmerged) return true
    if (change === undefined) return swaps(path)
    return !sameEntry(staged, change.after) && (onDisk || change.after !== null)
  })
  const files = state.loose.filter((path) => !path.endsWith('/'))
  const directories = state.loose.filter((path) => path.endsWith('/')).map((path) => path.slice(0, -1))
  const staged = new Set(state.dirty.filter((entry) => entry.staged !== null).map((entry) => entry.path))
  const inside = (directory: string): string[] =>
    arriving
      .filter(({ path, before }) => before === null && !staged.has(path) && path.startsWith(`${directory}/`))
      .map(({ path }) => path)
  const over = (directory: string): string[] =>
    arrivals.has(directory) || directoriesOf(directory).some((above) => arrivals.has(above))
      ? [directory]
      : []
  const blocked = new Set(dirty.map((entry) => entry.path))
  return {
    kept: state.dirty.map(({ path }) => path).filter((path) => changed.has(path) && !blocked.has(path)),
    paths: [
      ...dirty.map((entry) => entry.path),
      ...files.filter((path) => arrivals.has(path) || swaps(path)),
    ],
    unsure: directories.flatMap((directory) => {
      const paths = [...(needed.has(directory) ? inside(directory) : []), ...over(directory)]
      return paths.map((path) => ({ directory, path }))
    }),
  }
}

/** `a/b/c` → `a/b`, `a`. */
export function directoriesOf(path: string): string[] {
  const found: string[] = []
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    found.push(path.slice(0, at))
  return found
}
