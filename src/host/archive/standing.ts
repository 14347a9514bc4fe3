import type { IndexEntry } from './index-file.ts'
import type { Fill } from './pristine.ts'
import type { Node } from './walk.ts'

/**
 * `proven`: these are the bytes that git checked out, no need to read them. `unproven`: they look so, but the times
 * cannot prove it. `changed`: touched since, perhaps with the same content.
 */
export type Standing = 'proven' | 'unproven' | 'changed'

/**
 * How a file on disk stands to what git checked out there. Size, inode, mtime and ctime, these to a quarter of a
 * microsecond: ctime cannot be set back by a program, so equality is proof, except for a change within the same tick
 * of the clock as the checkout itself (gitformat-index calls such entries racy). The index keeps 32 bits of numbers.
 */
export function standing(fill: Fill, entry: IndexEntry, node: Node): Standing {
  const { stat } = node
  if (node.type !== checkedOutAs(entry.mode)) return 'changed'
  const same =
    stat.mtimeMs === entry.mtime &&
    stat.ctimeMs === entry.ctime &&
    stat.ino >>> 0 === entry.inode &&
    stat.size >>> 0 === entry.size
  if (!same) return 'changed'
  return fill.raw && entry.mtime < fill.writtenAt && entry.ctime < fill.writtenAt ? 'proven' : 'unproven'
}

/** Null for what git does not check out as a file: gitlinks, sparse directories. */
export function checkedOutAs(mode: number): 'file' | 'symlink' | null {
  if (mode === 0o120000) return 'symlink'
  return mode === 0o100644 || mode === 0o100755 ? 'file' : null
}

/** The permissions that most files of a kind have in this lane, so that only the others need telling. */
export interface UsualModes {
  readonly file: number
  readonly executable: number
  readonly directory: number
}

/** The permissions a file of the fill has unless told otherwise. */
export function usualMode(modes: UsualModes, indexMode: number): number {
  return indexMode === 0o100755 ? modes.executable : modes.file
}

/** The key with the highest count; the fallback when there is none. */
export function commonest(counts: ReadonlyMap<number, number>, fallback: number): number {
  let best = fallback
  let most = 0
  for (const [mode, count] of counts) {
    if (count <= most) continue
    best = mode
    most = count
  }
  return best
}
