import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Flags for a file in whose place a lane may have put a link, or a FIFO, on which a reader waits until it is killed. */
export const NO_LINK_NO_WAIT = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

export interface PlainFile {
  readonly bytes: Buffer
  readonly writtenAt: Date
}

/** What a file holds that a lane can write. Null for anything but a file of at most so many bytes. */
export async function readPlainFile(path: string | Buffer, mostBytes: number): Promise<PlainFile | null> {
  try {
    await using file = await open(path, NO_LINK_NO_WAIT)
    const stat = await file.stat()
    if (!stat.isFile() || stat.size > mostBytes) return null
    // No more than that, also where it grows meanwhile.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(stat.size), 0, stat.size, 0)
    return { bytes: buffer.subarray(0, bytesRead), writtenAt: stat.mtime }
  } catch {
    return null
  }
}
