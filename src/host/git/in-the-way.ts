import { lstat, readdir } from 'node:fs/promises'
import { blockersOf, type DirtyPath, directoriesOf, type WorktreeState } from '../../board/in-the-way.ts'
import { type Checkout, operationIn, placeOfCheckout } from './checkouts.ts'
import { gitBytes, splitZero } from './git.ts'
import { hiddenChanges } from './hidden-changes.ts'
import { asText, diskPath } from './path-bytes.ts'
import { treeDiff, treeEntry } from './tree-diff.ts'

export interface InTheWay {
  readonly operation: string | null
  /** Files of the user that a fast-forward would overwrite, sorted. */
  readonly files: readonly string[]
  /** Paths, as bytes, that the user has changed just as the fast-forward would. */
  readonly kept: readonly string[]
}

/**
 * What keeps a checkout from moving from commit `from`, where it is, to `to`: changed, untracked and ignored files at
 * paths that `to` brings, and an operation that is under way. Takes no lock and changes nothing.
 */
export async function inTheWay(
  checkout: Checkout,
  move: { readonly from: string; readonly to: string },
): Promise<InTheWay> {
  const { gitDir, path } = checkout
  const [changes, state] = await Promise.all([
    treeDiff({ commonDir: gitDir }, move.from, move.to),
    readState(checkout),
  ])
  const { paths, kept, unsure } = blockersOf(state, changes)
  const hidden = await hiddenChanges(checkout, new Set(changes.map((change) => change.path)))
  const found = await Promise.all(unsure.map((place) => occupant(path, place)))
  const files = new Set([...paths, ...hidden, ...found.filter((name) => name !== null)].map(asText))
  return { operation: operationIn(gitDir), files: [...files].sort(), kept }
}

async function readState(checkout: Checkout): Promise<WorktreeState> {
  const args = [
    'status',
    '--porcelain=v2',
    '-z',
    '--no-renames',
    '--untracked-files=all',
    '--ignored=matching',
    '--ignore-submodules=dirty',
  ]
  const { stdout } = await gitBytes(placeOfCheckout(checkout), args, { timeout: 10 * 60_000 })
  const entries = splitZero(stdout)
  return {
    dirty: entries.flatMap((entry) => readDirty(entry) ?? []),
    loose: entries.filter((entry) => /^[?!] /.test(entry)).map((entry) => entry.slice(2)),
  }
}

/** Lines `1 …` and `u …` of git-status(1), porcelain format version 2. */
function readDirty(entry: string): DirtyPath | null {
  const fields = entry.split(' ')
  const [kind, state = '', submodule = ''] = fields
  if (kind === 'u') return { path: fields.slice(10).join(' '), staged: null, onDisk: true, unmerged: true }
  // A submodule whose own HEAD has moved: git leaves submodules where they are.
  if (kind !== '1' || (submodule.startsWith('S') && state.startsWith('.'))) return null
  const [mode = '', onDisk, object = ''] = [fields[4], fields[5], fields[7]]
  const path = fields.slice(8).join(' ')
  return { path, staged: treeEntry(mode, object), onDisk: onDisk !== '000000', unmerged: false }
}

/** What the disk has where `path` is to go, inside a directory that git did not look into; null: nothing. */
async function occupant(
  root: string,
  { directory, path }: { directory: string; path: string },
): Promise<string | null> {
  const steps = directoriesOf(path).filter((step) => step.length > directory.length)
  for (const step of [...steps.reverse(), path]) {
    const stat = await lstat(diskPath(root, step)).catch(() => null)
    if (stat === null) return null
    if (!stat.isDirectory()) return step
  }
  return (await holdsFiles(diskPath(root, path))) ? path : null
}

async function holdsFiles(directory: Buffer): Promise<boolean> {
  for (const entry of await readdir(directory, { withFileTypes: true, encoding: 'buffer' }))
    if (!entry.isDirectory() || (await holdsFiles(Buffer.concat([directory, Buffer.from('/'), entry.name]))))
      return true
  return false
}
