import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { coreSettings } from './core-settings.ts'

/** Where a repository is. Found by reading files, without starting git: `status` has no time for a process. */
export interface Repository {
  /** The shared directory: objects, refs, config. Absolute. */
  readonly commonDir: string
  /** The git directory of the worktree that we stand in. */
  readonly gitDir: string
  /** The main worktree; for a bare repository the worktree that we stand in; null for none at all. */
  readonly root: string | null
  /** The git directory of `root`: the shared one, but for a worktree of a bare repository. */
  readonly rootGitDir: string
  /** Our own files: ledger, runs, archives. `<common dir>/worklane`. */
  readonly home: string
}

/** Walks up from `from` as git does. Undefined: not in a repository. */
export function findRepository(from: string): Repository | undefined {
  for (let at = resolve(from); ; at = dirname(at)) {
    const gitDir = gitDirectoryAt(at)
    if (gitDir !== undefined) return describe(at === gitDir ? null : at, gitDir)
    if (dirname(at) === at) return undefined
  }
}

function gitDirectoryAt(directory: string): string | undefined {
  const dotGit = join(directory, '.git')
  const stat = statSync(dotGit, { throwIfNoEntry: false })
  if (stat?.isDirectory() && existsSync(join(dotGit, 'HEAD'))) return dotGit
  if (stat?.isFile()) {
    const target = /^gitdir: (.+?)\r?\n?$/.exec(readFileSync(dotGit, 'utf8'))?.[1]
    if (target !== undefined && existsSync(resolve(directory, target, 'HEAD')))
      return resolve(directory, target)
  }
  const bare = ['HEAD', 'objects', 'refs'].every((name) => existsSync(join(directory, name)))
  return bare ? directory : undefined
}

function describe(worktree: string | null, gitDir: string): Repository {
  const common = readIfThere(join(gitDir, 'commondir'))
  const commonDir = common === undefined ? gitDir : resolve(gitDir, common.trim())
  const linked = commonDir !== gitDir
  const main = mainWorktree(commonDir, linked ? null : worktree)
  const root = linked ? (main ?? worktree) : worktree === null ? null : main
  const rootGitDir = root === main ? commonDir : gitDir
  return { commonDir, gitDir, root, rootGitDir, home: join(commonDir, 'worklane') }
}

/** As git finds it. `stoodIn`: the directory with the `.git` that led here, where that is not a linked worktree. */
function mainWorktree(commonDir: string, stoodIn: string | null): string | null {
  const { bare, worktree } = coreSettings(commonDir)
  if (worktree !== null) return resolve(commonDir, worktree)
  if (bare) return null
  return basename(commonDir) === '.git' ? dirname(commonDir) : stoodIn
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** The branch that a worktree's HEAD names; null when it is detached. */
export function branchOfHead(gitDir: string): string | null {
  return branchIn(readIfThere(join(gitDir, 'HEAD')) ?? '')
}

/** As `branchOfHead`, of what a HEAD holds. */
export function branchIn(head: string): string | null {
  return /^ref: refs\/heads\/(.+)\n?$/.exec(head)?.[1] ?? null
}

/** Whether git takes HEAD for one (`validate_headref`, path.c); after a power cut it can be empty. */
export function isHeadWhole(gitDir: string): boolean {
  return /^(ref:\s*refs\/|[0-9a-f]{40})/.test(readIfThere(join(gitDir, 'HEAD')) ?? '')
}
