import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, readFileSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { NO_LINK_NO_WAIT } from '../files/plain-file.ts'
import { onDisk } from './paths.ts'

/** Git's name for an object: `sha1` unless the repository was made with another format. */
export type ObjectFormat = 'sha1' | 'sha256'

export interface Digest {
  readonly bytes: number
  readonly sha256: string
  /** The name git would give these bytes as a blob. They are only hashed here, never written to git. */
  readonly oid: string
}

/** Files up to this size are read in one go. */
const SMALL = 2 << 20

export async function digestFile(file: string, size: number, format: ObjectFormat): Promise<Digest> {
  return size <= SMALL ? digestBytes(readSmall(file), format) : await digestStream(file, size, format)
}

/** Whoever still works in the lane may have put something else in its place. */
function readSmall(file: string): Buffer {
  const descriptor = openSync(onDisk(file), NO_LINK_NO_WAIT)
  try {
    return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The target of a symlink is its content. */
export function digestBytes(content: Buffer, format: ObjectFormat): Digest {
  return {
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    oid: createHash(format).update(`blob ${content.length}\0`).update(content).digest('hex'),
  }
}

async function digestStream(file: string, size: number, format: ObjectFormat): Promise<Digest> {
  const sha256 = createHash('sha256')
  const oid = createHash(format).update(`blob ${size}\0`)
  let bytes = 0
  await using opened = await open(onDisk(file), NO_LINK_NO_WAIT)
  for await (const part of opened.createReadStream({ autoClose: false, highWaterMark: SMALL })) {
    sha256.update(part as Buffer)
    oid.update(part as Buffer)
    bytes += (part as Buffer).length
  }
  return { bytes, sha256: sha256.digest('hex'), oid: oid.digest('hex') }
}

export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  if (statSync(file).size <= SMALL) return hash.update(readFileSync(file)).digest('hex')
  for await (const part of createReadStream(file, { highWaterMark: SMALL })) hash.update(part as Buffer)
  return hash.digest('hex')
}
