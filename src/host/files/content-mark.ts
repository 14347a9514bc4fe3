import { constants, readlinkSync } from 'node:fs'
import { digestFile } from '../archive/digest.ts'
import { below, onDisk, rawPath } from '../archive/paths.ts'
import { lookFor } from '../archive/walk.ts'

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
    if (node.type !== 'file') return null
    const { oid } = await digestFile(file, node.stat.size, 'sha256')
    return `${node.stat.mode & constants.S_IXUSR ? 'program' : 'file'} ${oid}`
  } catch {
    return null
  }
}
