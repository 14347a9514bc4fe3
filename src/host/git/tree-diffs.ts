import type { TreeChange } from '../../board/one-side.ts'
import { gitBytes, splitZero } from './git.ts'
import type { RadarStore } from './radar-store.ts'
import { treeEntry } from './tree-diff.ts'

/** Milliseconds, and bytes of all answers: some 3,000,000 changed paths. */
const PATIENCE = 60_000
const MOST_BYTES = 256 * 1024 * 1024

/** What differs between the commits of each pair, in order, with one process. Paths are bytes (path-bytes.ts). */
export async function treeDiffs(
  store: RadarStore,
  pairs: readonly { readonly from: string; readonly to: string }[],
): Promise<TreeChange[][]> {
  if (pairs.length === 0) return []
  const args = ['diff-tree', '--stdin', '--always', '-r', '-z', '--raw', '--no-renames']
  const { stdout } = await gitBytes({ gitDir: store.gitDir }, [...args, '--ignore-submodules=none'], {
    input: pairs.map(({ from, to }) => `${to} ${from}\n`).join(''),
    timeout: PATIENCE,
    mostBytes: MOST_BYTES,
  })
  return readDiffs(stdout)
}

/** For each pair the first commit, then `:<mode> <mode> <object> <object> <status>` and a path, each closed by NUL. */
function readDiffs(text: string): TreeChange[][] {
  const fields = splitZero(text)
  const all: TreeChange[][] = []
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] ?? ''
    if (!field.startsWith(':')) {
      all.push([])
      continue
    }
    const [oldMode = '', mode = '', oldObject = '', object = ''] = field.slice(1).split(' ')
    at += 1
    const path = fields[at] ?? ''
    all.at(-1)?.push({ path, before: treeEntry(oldMode, oldObject), after: treeEntry(mode, object) })
  }
  return all
}

/** Every path of a commit's tree; bytes. */
export async function pathsOf(store: RadarStore, commit: string): Promise<string[]> {
  const args = ['ls-tree', '-r', '-z', '--name-only', commit]
  return splitZero((await gitBytes({ gitDir: store.gitDir }, args, { timeout: PATIENCE })).stdout)
}
