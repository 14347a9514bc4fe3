import { existsSync, lstatSync } from 'node:fs'
import { basename, join } from 'node:path'
import { detachedAt, standsAt, type WorktreeEntry } from '../../host/git/worktree-entries.ts'
import { shellWord as word } from '../../host/process/shell-word.ts'
import type { Finding } from './finding.ts'
import { type Sight, samePlace } from './sight.ts'

/** What lies where lanes live, or is registered there, and belongs to no lane. Worklane never touches it. */
export function worktreeFindings(sight: Sight): Finding[] {
  const registered = strangeEntries(sight).map(({ admin, ...entry }) =>
    existsSync(entry.path) ? foreign(entry) : orphaned(entry, join(sight.commonDir, 'worktrees', admin)),
  )
  const found = [...registered, ...strayDirectories(sight).map(unknown)]
  return found.map((finding) => ({ ...finding, fixable: false }))
}

/** Looked for again: the entry of a lane that was removed since is no finding. */
function strangeEntries({ commonDir, lanes, entries, directory }: Sight): WorktreeEntry[] {
  const ours = new Set(lanes.map(({ admin }) => admin))
  return entries.filter(
    ({ admin, path }) =>
      !ours.has(admin) &&
      samePlace(path, join(directory, basename(path))) &&
      existsSync(join(commonDir, 'worktrees', admin)),
  )
}

function strayDirectories(sight: Sight): string[] {
  const named = [...sight.entries, ...sight.lanes].map(({ path }) => path)
  const exactly = new Set(named)
  return sight.places.filter(
    (path) =>
      !exactly.has(path) &&
      !named.some((other) => samePlace(path, other)) &&
      isDirectory(path) &&
      !isMoved(path, sight),
  )
}

type Found = Omit<Finding, 'fixable'>

function foreign({ path }: Pick<WorktreeEntry, 'path'>): Found {
  return {
    code: 'worktree-foreign',
    what: `A worktree stands among the lanes and is none: ${path}`,
    why: 'Nobody is told of the work in it, and no task lands it.',
    fix: `git worktree move ${word(path)} ELSEWHERE, or when it is done with: git worktree remove ${word(path)}`,
  }
}

function orphaned({ path, locked }: Omit<WorktreeEntry, 'admin'>, gitDir: string): Found {
  const commit = detachedAt(gitDir)
  const remove = `git worktree remove ${word(path)}`
  return {
    code: 'worktree-orphaned',
    what: `Git has an entry ${basename(gitDir)} for a worktree that is gone: ${path}`,
    why: 'It belongs to no lane, and its branch cannot be checked out elsewhere.',
    fix: [
      ...(commit === null ? [] : [`git branch ${word(`rescued-${basename(gitDir)}`)} ${commit}`]),
      ...(locked === null ? [] : [`git worktree unlock ${word(path)}`]),
      remove,
    ].join(' && '),
  }
}

function unknown(path: string): Found {
  return {
    code: 'directory-stray',
    what: `A directory stands among the lanes and is none: ${path}`,
    why: 'It may hold the work of somebody whom neither git nor Worklane knows.',
    fix: `Look into it, then: mv ${word(path)} ELSEWHERE`,
  }
}

/** A lane under another name is told of as that lane. */
function isMoved(path: string, { lanes }: Sight): boolean {
  return lanes.some(({ inode }) => inode !== null && standsAt(path, inode) === 'ours')
}

/** Asked late: a lane that was removed since we looked is no finding. */
function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
