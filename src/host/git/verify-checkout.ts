import { existsSync } from 'node:fs'
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../fault.ts'
import { deleteForGood, deleteInReach } from '../files/discard.ts'
import { giveTree } from '../files/give-tree.ts'
import type { Walls } from '../sandbox/walls.ts'
import { copyIndex } from './copy-index.ts'
import { filterConfig } from './filters.ts'
import { type GitPlace, git, gitBytes, settingsOf, splitZero } from './git.ts'
import { makeGitDirectory, ownConfig, repositorySettings } from './own-git-directory.ts'
import { asText } from './path-bytes.ts'
import { commitOf } from './refs.ts'
import type { SharedPlace } from './tree-diff.ts'

export interface VerifyCheckout extends SharedPlace {
  /** Ours alone, like `<directory>.git` beside it. */
  readonly directory: string
  readonly commit: string
  /** Git runs inside them, since it reads what the agents' code left there. They let it write to `<directory>.git`. */
  readonly walls?: Walls
  /** What is not the commit's stays, ignored or not; whoever asks for it deletes it. */
  readonly keepsOthers?: boolean
}

/** `fresh`: made anew, so it has no ignored files. `previous`: the commit that it was at before; null when fresh. */
export interface PreparedCheckout {
  readonly fresh: boolean
  readonly previous: string | null
}

const TIMEOUT = 30 * 60_000

/** HEAD until the first checkout is complete: killed before that, the directory is made again. */
const NOWHERE = 'ref: refs/heads/none'

/**
 * Puts a directory at exactly a commit, for running the project's checks there. It is no worktree of the repository.
 * Ignored files (dependencies, build output) stay from one commit to the next; everything else that the commit does
 * not have goes. What runs in it is the agents' code, so git works from `<directory>.git`, out of its reach, and
 * believes nothing that it finds in `<directory>/.git`: that is for the project's own scripts, and is made anew each
 * time. A directory that is broken is removed and made again. One caller at a time.
 */
export async function prepareVerifyCheckout(checkout: VerifyCheckout): Promise<PreparedCheckout> {
  if ((await commitOf({ gitDir: checkout.commonDir }, checkout.commit)) === null)
    throw new Fault(`There is no commit ${checkout.commit}.`, { retry: 'never' })
  const previous = await standingAt(checkout)
  if (previous !== null && (await update(checkout, previous))) return { fresh: false, previous }
  await deleteForGood([checkout.directory, own(checkout)])
  await mkdir(checkout.directory, { recursive: true })
  await giveTo(checkout.directory, checkout)
  await putAt(checkout, NOWHERE)
  return { fresh: true, previous: null }
}

/**
 * Tracked files that are not as in the commit any more, sorted: what ran in the checkout changed them, so it is no
 * proof of the commit. `.` when the directory is gone.
 */
export async function trackedChanges(checkout: VerifyCheckout): Promise<string[]> {
  const { directory, commit } = checkout
  if (!existsSync(directory)) return ['.']
  const unstable = splitZero(await readFile(join(own({ directory }), UNSTABLE), 'latin1').catch(() => ''))
  const changed = await changedPaths(placeOf(checkout), commit)
  return changed
    .filter((path) => !unstable.includes(path))
    .map(asText)
    .sort()
}

/**
 * Files that differ from the commit as soon as git has written them: line ends or filters that do not come back the
 * same way. No command changed these.
 */
const UNSTABLE = 'worklane-unstable'

function own({ directory }: Pick<VerifyCheckout, 'directory'>): string {
  return `${directory}.git`
}

function placeOf(checkout: Pick<VerifyCheckout, 'directory' | 'walls'>): GitPlace {
  const { walls, directory } = checkout
  return { gitDir: own(checkout), workTree: directory, ...(walls === undefined ? {} : { walls }) }
}

/** The commit that the checkout is at, as far as it is whole; null: make it again. */
async function standingAt(checkout: Pick<VerifyCheckout, 'directory'>): Promise<string | null> {
  for (const path of [checkout.directory, own(checkout)])
    if (!(await lstat(path).catch(() => null))?.isDirectory()) return null
  const head = await readFile(join(own(checkout), 'HEAD'), 'utf8').catch(() => '')
  return /^[0-9a-f]{40,64}\n$/.test(head) ? head.trim() : null
}

/** False: it is too broken to be brought to another commit. */
async function update(checkout: VerifyCheckout, previous: string): Promise<boolean> {
  try {
    await putAt(checkout, previous)
    return true
  } catch (error) {
    if (error instanceof Fault) return false
    throw error
  }
}

async function putAt(checkout: VerifyCheckout, head: string): Promise<void> {
  const { directory, commit } = checkout
  const filters = await filterConfig(await settingsOf(checkout.commonDir))
  const config = [ownConfig(await repositorySettings(checkout)), ...filters, ''].join('\n')
  const at = placeOf(checkout)
  await deleteInReach(join(directory, '.git'))
  await removeLocks(at.gitDir)
  await makeGitDirectory(checkout, { path: at.gitDir, head, config })
  await giveTo(at.gitDir, checkout)
  const options = { config: ['checkout.workers=2'], timeout: TIMEOUT, writes: true }
  await git(at, ['checkout', '--quiet', '--force', '--detach', commit], options)
  if (checkout.keepsOthers !== true) await git(at, ['clean', '-ffdq'], options)
  await confirm(at, commit)
  await makeGitDirectory(checkout, { path: join(directory, '.git'), head: commit, config })
  await copyIndex(join(at.gitDir, 'index'), join(directory, '.git', 'index'))
  await giveTo(join(directory, '.git'), checkout)
}

/** As root the walls have a user of their own. Nothing of the lane's is running. */
async function giveTo(path: string, { walls }: VerifyCheckout): Promise<void> {
  if (walls === undefined || walls.uid === null) return
  await giveTree(path, walls.uid)
}

/** Left by a git that was killed; nobody else ever works here. */
async function removeLocks(gitDir: string): Promise<void> {
  const names = await readdir(gitDir).catch(() => [])
  await Promise.all(names.filter((name) => name.endsWith('.lock')).map((name) => rm(join(gitDir, name))))
}

/** The index is the commit's tree and the files are as git writes them, or it is a fault. */
async function confirm(at: GitPlace, commit: string): Promise<void> {
  await git(at, ['diff-index', '--cached', '--quiet', commit, '--'])
  const unstable = await changedPaths(at, commit)
  const input = Buffer.from(unstable.map((path) => `${path}\0`).join(''), 'latin1')
  if (unstable.length > 0)
    await git(at, ['checkout-index', '-f', '-u', '-z', '--stdin'], { input, writes: true })
  await writeFile(join(at.gitDir, UNSTABLE), input)
}

/** Paths as bytes. Looks into the files, also where the index was told not to. */
async function changedPaths(at: GitPlace, commit: string): Promise<string[]> {
  const refresh = ['update-index', '-q', '--really-refresh', '--ignore-submodules']
  await git(at, refresh, { answers: [0, 1], writes: true, timeout: TIMEOUT })
  const args = ['diff-index', '-z', '--name-only', '--no-renames', '--ignore-submodules=all', commit, '--']
  return splitZero((await gitBytes(at, args, { timeout: TIMEOUT })).stdout)
}
