import type { TreeChange, TreeEntry } from '../../board/one-side.ts'
import { gitBytes, splitZero } from './git.ts'
import type { Repository } from './repository.ts'

/** For what only reads and writes objects and refs: no worktree is involved. */
export type SharedPlace = Pick<Repository, 'commonDir'>

/**
 * What differs between two trees or commits. Paths are bytes (path-bytes.ts). Submodule settings of the repository do not hide anything.
 */
export async function treeDiff(place: SharedPlace, from: string, to: string): Promise<TreeChange[]> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--ignore-submodules=none', from, to, '--']
  return readRawDiff((await gitBytes({ gitDir: place.commonDir }, args)).stdout)
}

/** Paths of all files, links and submodules of a commit. Bytes as well. */
export async function treePaths(place: SharedPlace, commit: string): Promise<string[]> {
  const args = ['ls-tree', '-r', '-z', '--name-only', '--full-tree', commit]
  return splitZero((await gitBytes({ gitDir: place.commonDir }, args)).stdout)
}

/** Names at the root at which two commits differ, or something below them does. Bytes as well. */
export async function rootChanges(place: SharedPlace, from: string, to: string): Promise<string[]> {
  const args = ['diff-tree', '-z', '--name-only', '--no-renames', '--ignore-submodules=none', from, to, '--']
  return splitZero((await gitBytes({ gitDir: place.commonDir }, args)).stdout)
}

/** `:<mode> <mode> <object> <object> <status>` and the path, each closed by NUL (git-diff-tree(1), raw format). */
function readRawDiff(text: string): TreeChange[] {
  const fields = splitZero(text)
  const changes: TreeChange[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [oldMode = '', mode = '', oldObject = '', object = ''] = (fields[at] ?? '').slice(1).split(' ')
    const path = fields[at + 1] ?? ''
    changes.push({ path, before: treeEntry(oldMode, oldObject), after: treeEntry(mode, object) })
  }
  return changes
}

/** Git writes an absent entry as mode 000000. */
export function treeEntry(mode: string, object: string): TreeEntry | null {
  return mode === '000000' ? null : { mode, object }
}
