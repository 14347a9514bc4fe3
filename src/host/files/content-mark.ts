import { createHash } from 'node:crypto'
import { constants, readlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { below, onDisk, rawPath } from '../archive/paths.ts'
import { lookFor } from '../archive/walk.ts'
import { NO_LINK_NO_WAIT } from './plain-file.ts'

/** Bytes. What is larger is no set-up's lock file, and could keep us reading for hours: `truncate` makes it of nothing. */
const LARGEST = 100_000_000

/**
 * What stands at a path, given as bytes, in words that are the same while its content is, by what git goes by. Null:
 * nothing can be said, as of a directory.
 */
export async function contentMark(root: string, path: string): Promise<string | null> {
  const file = below(rawPath(root), path)
  try {
    const node = lookFor(rawPath(root), path)
    if (node === null) return 'gone'
    if (node.type === 'symlink') return `symlink ${readlinkSync(onDisk(file), 'latin1')}`
    await using opened = await open(onDisk(file), NO_LINK_NO_WAIT)
    const stat = await opened.stat()
    if (!stat.isFile() || stat.size > LARGEST) return null
    const hash = createHash('sha256')
    for await (const part of opened.createReadStream({ autoClose: false })) hash.update(part as Buffer)
    return `${stat.mode & constants.S_IXUSR ? 'program' : 'file'} ${hash.digest('hex')}`
  } catch {
    return null
  }
}
