import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../host/fault.ts'
import { git } from '../../host/git/git.ts'
import {
  adminDirectory,
  checkInode,
  fillWorktree,
  inodeOf,
  placeOf,
  registerWorktree,
  unlockWorktree,
} from '../../host/git/worktree.ts'
import { type OwnedLane, setLane } from '../../ledger/lanes.ts'
import { transact } from '../../ledger/transact.ts'
import type { World } from '../world.ts'
import { worktreeOf } from './make.ts'

/**
 * A lane whose directory somebody deleted gets it back from what git still has: the lane's index, or where that is
 * gone too (`git worktree prune`) the tip of its branch. A lane that is there is left alone.
 * @throws Fault when something else stands at its path
 */
export async function rebuildIfGone(world: World, lane: OwnedLane): Promise<OwnedLane> {
  if (lane.trash !== null && (await checkInode(lane.trash, lane.inode)) === 'ours') return lane
  const is = await checkInode(lane.path, lane.inode)
  if (is === 'ours') return lane
  if (is === 'foreign')
    throw new Fault(`${lane.path} is not the directory that Worklane made.`, {
      retry: 'never',
      hint: 'Move it away and try again; Worklane does not touch it.',
    })
  const worktree = worktreeOf(world, lane)
  const known = existsSync(join(adminDirectory(worktree), 'index'))
  if (known) await mkdir(lane.path, { recursive: true })
  else await registerWorktree(worktree)
  // Written down before it holds anything: after a crash here it is ours, and not a stranger's directory.
  const inode = await inodeOf(lane.path)
  await transact(world.ledger, world.actor, async (tx) => await setLane(tx, lane.id, inode))
  if (known) {
    await writeFile(join(lane.path, '.git'), `gitdir: ${adminDirectory(worktree)}\n`)
    await git(placeOf(worktree), ['checkout-index', '--all', '--quiet'], { timeout: 30 * 60_000 })
  } else {
    await fillWorktree(worktree)
    await unlockWorktree(worktree)
  }
  return { ...lane, inode }
}
