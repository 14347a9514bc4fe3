import { existsSync, realpathSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type GitPlace, git } from './git.ts'
import { unfinishedOperation } from './lane-state.ts'
import type { Repository } from './repository.ts'

/** A worktree, main or linked, that has a branch checked out. */
export interface Checkout {
  readonly path: string
  readonly gitDir: string
  /** False: HEAD is elsewhere for as long as an operation lasts, and comes back to the branch. */
  readonly attached: boolean
  /** `rebase`, `merge`, `cherry-pick`, `revert` or `bisect`, when in the middle of one. */
  readonly operation: string | null
}

/** A worktree that has the branch checked out and whose directory cannot be looked at. */
export interface MissingCheckout {
  readonly path: string
  /** True: the user locked it, which says that its disk comes back. False: git itself would prune it. */
  readonly expected: boolean
}

export interface Checkouts {
  readonly here: readonly Checkout[]
  readonly missing: readonly MissingCheckout[]
}

/** `root`, where known: the main worktree. Git cannot tell where it is when its git directory is elsewhere. */
export type CheckoutPlace = Pick<Repository, 'commonDir'> & { readonly root?: string | null }

/**
 * Every worktree that has `branch` (short name) checked out, by the rules by which git refuses to touch a branch
 * (branch.c, prepare_checked_out_branches): HEAD is on it, it is being rebased or bisected, or a rebase will update it.
 */
export async function checkoutsOf(place: CheckoutPlace, branch: string): Promise<Checkouts> {
  const args = ['worktree', 'list', '--porcelain', '-z']
  const { stdout } = await git({ gitDir: place.commonDir }, args)
  const admins = await adminDirectories(place.commonDir)
  const here: Checkout[] = []
  const missing: MissingCheckout[] = []
  for (const [index, record] of readRecords(stdout).entries()) {
    const gitDir = index === 0 ? place.commonDir : admins.get(record.path)
    if (gitDir === undefined || record.bare) continue
    const attached = record.branch === `refs/heads/${branch}`
    if (!attached && !(await branchesInUse(gitDir)).has(branch)) continue
    const path = index === 0 ? await mainWorktree(place, record.path) : record.path
    if (await belongs(path, gitDir)) here.push({ path, gitDir, attached, operation: operationIn(gitDir) })
    else missing.push({ path, expected: index === 0 || record.locked })
  }
  return { here, missing }
}

/** For git commands in the checkout. */
export function placeOfCheckout({ path, gitDir }: Checkout): GitPlace {
  return { gitDir, workTree: path }
}

/** What the worktree is in the middle of, right now. */
export function operationIn(gitDir: string): string | null {
  return unfinishedOperation(gitDir) ?? (existsSync(join(gitDir, 'BISECT_LOG')) ? 'bisect' : null)
}

interface WorktreeRecord {
  path: string
  branch: string | null
  bare: boolean
  locked: boolean
}

/** Lines of `<label> <value>` closed by NUL, an empty one after each worktree; the main one comes first. */
function readRecords(text: string): WorktreeRecord[] {
  const records: WorktreeRecord[] = []
  for (const line of text.split('\0')) {
    const [label = ''] = line.split(' ', 1)
    const value = line.slice(label.length + 1)
    if (label === 'worktree') records.push({ path: value, branch: null, bare: false, locked: false })
    const record = records.at(-1)
    if (record === undefined) continue
    if (label === 'branch') record.branch = value
    if (label === 'bare') record.bare = true
    if (label === 'locked') record.locked = true
  }
  return records
}

/** Path of each linked worktree → its git directory, as the repository has it. The worktree's own word is not asked. */
async function adminDirectories(commonDir: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const name of await readdir(join(commonDir, 'worktrees')).catch(() => [])) {
    const admin = join(commonDir, 'worktrees', name)
    const target = await readText(join(admin, 'gitdir'))
    if (target !== null) found.set(dirname(resolve(admin, target.trim())), admin)
  }
  return found
}

async function mainWorktree(place: CheckoutPlace, listed: string): Promise<string> {
  const args = ['config', '--get', 'core.worktree']
  const { stdout } = await git({ gitDir: place.commonDir }, args, { answers: [0, 1] })
  const configured = stdout === '' ? null : resolve(place.commonDir, stdout.replace(/\n$/, ''))
  for (const path of [place.root ?? null, configured])
    if (path !== null && (await belongs(path, place.commonDir))) return path
  return listed
}

/** Whether the directory is there and its `.git` leads to this git directory. */
async function belongs(path: string, gitDir: string): Promise<boolean> {
  const dotGit = join(path, '.git')
  const target = /^gitdir: (.+?)\r?\n?$/.exec((await readText(dotGit)) ?? '')?.[1]
  const found = real(target === undefined ? dotGit : resolve(path, target))
  return found !== null && found === real(gitDir)
}

function real(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}

/** Short names of the branches that an operation in this worktree holds, wherever HEAD is meanwhile. */
async function branchesInUse(gitDir: string): Promise<Set<string>> {
  const [merging, applying, bisecting, updating] = await Promise.all(
    ['rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START', 'rebase-merge/update-refs'].map(
      async (name) => (await readText(join(gitDir, name))) ?? '',
    ),
  )
  const names = [merging, applying, ...(updating ?? '').split('\n')].flatMap(
    (line) => /^refs\/heads\/(.+?)\n?$/.exec(line ?? '')?.[1] ?? [],
  )
  return new Set([...names, (bisecting ?? '').trim()])
}

async function readText(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch(() => null)
}
