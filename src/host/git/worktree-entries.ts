import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Inode } from './worktree.ts'

/** One of the entries below `<common dir>/worktrees/`, as its files say (gitrepository-layout(5)). */
export interface WorktreeEntry {
  readonly admin: string
  /** Directory of the worktree; it need not be there. */
  readonly path: string
  /** Why it is locked, '' without a reason; null when it is not. */
  readonly locked: string | null
}

/** Names below `<common dir>/worktrees/`. */
export function entryNames(commonDir: string): string[] {
  return namesIn(join(commonDir, 'worktrees'))
}

/** Those of the entries that name a directory. Synchronous and without git: `status` has no time for more. */
export function readEntries(commonDir: string, admins: readonly string[]): WorktreeEntry[] {
  return admins.flatMap((admin) => {
    const entry = join(commonDir, 'worktrees', admin)
    const target = readIfThere(join(entry, 'gitdir'))?.trim()
    if (target === undefined || target === '') return []
    const lock = join(entry, 'locked')
    // Asked first, because an error of a read costs ten times what the question does.
    const locked = existsSync(lock) ? (readIfThere(lock)?.trim() ?? null) : null
    return [{ admin, path: dirname(resolve(entry, target)), locked }]
  })
}

/** The commit that the detached HEAD of a git directory is at; null on a branch. */
export function detachedAt(gitDir: string): string | null {
  return /^[0-9a-f]{40,64}$/.exec(readIfThere(join(gitDir, 'HEAD'))?.trim() ?? '')?.[0] ?? null
}

/** The git directory that the `.git` file of a worktree leads to; null when there is no such file. */
export function linkOf(path: string): string | null {
  const target = /^gitdir: (.+?)\r?\n?$/.exec(readIfThere(join(path, '.git')) ?? '')?.[1]
  return target === undefined ? null : resolve(path, target)
}

/** As `checkInode`, at once: `foreign` is anything else that stands there. */
export function standsAt(path: string, expected: Inode | null): 'ours' | 'missing' | 'foreign' {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return 'missing'
  const same = String(stat.dev) === expected?.device && String(stat.ino) === expected.inode
  return same && stat.isDirectory() ? 'ours' : 'foreign'
}

/** Names in a directory; none when it cannot be read. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
