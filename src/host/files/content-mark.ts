import { createHash } from 'node:crypto'
import { constants, readlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { below, onDisk, rawPath } from '../archive/paths.ts'
import { lookFor } from '../archive/walk.ts'
import { NO_LINK_NO_WAIT } from './plain-file.ts'

/** Bytes that are read for the marks of one lane: sparse files can be of any size, and there can be many. */
const MOST_READ = 4_000_000_000

/** What is left to be read. */
export interface Reading {
  bytes: number
}

export function newReading(): Reading {
  return { bytes: MOST_READ }
}

/**
 * What stands at a path, given as bytes, in words that are the same while its content is, by what git goes by; of a file
 * that is more than there is left to read, while nobody has touched it. Null: nothing can be said, as of a directory.
 */
export async function contentMark(root: string, path: string, left: Reading): Promise<string | null> {
  const file = below(rawPath(root), path)
  try {
    const node = lookFor(rawPath(root), path)
    if (node === null) return 'gone'
    if (node.type === 'symlink') return `symlink ${readlinkSync(onDisk(file), 'latin1')}`
    await using opened = await open(onDisk(file), NO_LINK_NO_WAIT)
    const stat = await opened.stat()
    if (!stat.isFile()) return null
    const kind = stat.mode & constants.S_IXUSR ? 'program' : 'file'
    if (stat.size > left.bytes)
      return `${kind} untouched ${stat.size} ${stat.ino} ${stat.mtimeMs} ${stat.ctimeMs}`
    left.bytes -= stat.size
    const hash = createHash('sha256')
    // No more than that, also where it grows meanwhile.
    for await (const part of opened.createReadStream({ autoClose: false, end: stat.size }))
      hash.update(part as Buffer)
    return `${kind} ${hash.digest('hex')}`
  } catch {
    return null
  }
}
