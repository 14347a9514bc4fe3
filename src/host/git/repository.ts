import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** Where a repository is. Found by reading files, without starting git: `status` has no time for a process. */
export interface Repository {
  /** The shared directory: objects, refs, config. Absolute. */
  readonly commonDir: string
  /** The git directory of the worktree that we stand in. */
  readonly gitDir: string
  /** The main worktree; for a bare repository the worktree that we stand in; null for none at all. */
  readonly root: string | null
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
  const root = commonDir === gitDir || basename(commonDir) !== '.git' ? worktree : dirname(commonDir)
  return { commonDir, gitDir, root, home: join(commonDir, 'worklane') }
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
  return /^ref: refs\/heads\/(.+)\n?$/.exec(readIfThere(join(gitDir, 'HEAD')) ?? '')?.[1] ?? null
}
