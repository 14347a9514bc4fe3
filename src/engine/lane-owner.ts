import type { Stats } from 'node:fs'
import { chmod, chown } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { giveBelow } from '../host/files/give-below.ts'
import { splitZero } from '../host/git/git.ts'
import { uidOfLane } from '../host/sandbox/detect.ts'
import type { OwnedLane } from '../ledger/lanes.ts'

/**
 * As root: the lane's files become those of its user. The top directory and `.git` stay root's, so that git outside
 * takes the lane for a person's own. A shell may be open in the lane: what find saw may lie elsewhere by now.
 */
export async function giveAway(lane: OwnedLane): Promise<void> {
  const uid = uidOfLane(lane.id)
  if (uid === null) return
  const others = ['-mindepth', '1', '-not', '-uid', String(uid), '-not', '-path', join(lane.path, '.git')]
  const single = ['(', '-type', 'd', '-o', '-type', 'l', '-o', '-links', '1', ')']
  const { stdout } = await execa('find', [lane.path, '-xdev', ...others, ...single, '-printf', '%P\\0'], {
    cwd: '/',
    encoding: 'latin1',
    maxBuffer: Number.POSITIVE_INFINITY,
    reject: false,
  })
  giveBelow(lane.path, splitZero(stdout), { uid, may: mayGive })
  await giveTop(lane)
}

/** Files with several names may be somebody else's as well, and are left alone. */
function mayGive(is: Stats): boolean {
  return is.isDirectory() || is.isSymbolicLink() || is.nlink === 1
}

/** As root: the lane's user can make files in its top directory, which stays root's. */
export async function giveTop({ id, path }: OwnedLane): Promise<void> {
  const uid = uidOfLane(id)
  if (uid === null) return
  await chown(path, 0, uid)
  await chmod(path, 0o2775)
}
