import { createHash } from 'node:crypto'

/** One line of git's index, with what git saw of the file when it last looked. */
export interface IndexEntry {
  /** latin1. */
  readonly path: string
  readonly stage: number
  /** 0o100644, 0o100755, 0o120000, 0o160000 (gitlink), 0o040000 (sparse directory). */
  readonly mode: number
  readonly oid: string
  /** Of the file, modulo 2^32. */
  readonly size: number
  /** Modulo 2^32. */
  readonly inode: number
  /** Milliseconds with their fraction, computed as Node does for `Stats.mtimeMs`, so that equal times are equal. */
  readonly mtime: number
  readonly ctime: number
}

export interface GitIndex {
  readonly entries: readonly IndexEntry[]
  /** The tree of the whole index where git has it cached, else null. */
  readonly rootTree: string | null
  /** Other objects that the index keeps alive for git: cached trees, sides of resolved conflicts. */
  readonly others: readonly string[]
}

/** git checks out files with these modes; the rest are gitlinks and sparse directories. */
export function isFileMode(mode: number): boolean {
  return mode === 0o100644 || mode === 0o100755 || mode === 0o120000
}

/**
 * Reads versions 2, 3 and 4 of the format of gitformat-index(5). Null where the file is damaged or carries a
 * mandatory extension that we do not know (a split index): the caller then asks git.
 */
export function parseIndex(file: Buffer): GitIndex | null {
  const width = hashWidth(file)
  if (width === null || file.length < 12 + width || file.toString('latin1', 0, 4) !== 'DIRC') return null
  const version = file.readUInt32BE(4)
  if (version < 2 || version > 4) return null
  try {
    const { entries, end } = readEntries(file, version, width)
    const extensions = readExtensions(file, end, width)
    return extensions === null ? null : { entries, ...extensions }
  } catch (error) {
    // Only a damaged file makes a read run past the end.
    if (error instanceof RangeError) return null
    throw error
  }
}

/** 20 for SHA-1, 32 for SHA-256; proved by the checksum at the end, which index.skipHash leaves zero. */
function hashWidth(file: Buffer): 20 | 32 | null {
  for (const [algorithm, width] of [
    ['sha1', 20],
    ['sha256', 32],
  ] as const) {
    if (file.length < width + 12) return null
    const body = file.subarray(0, file.length - width)
    if (createHash(algorithm).update(body).digest().equals(file.subarray(-width))) return width
  }
  const zero = (width: number): boolean => file.subarray(-width).every((byte) => byte === 0)
  return zero(32) ? 32 : zero(20) ? 20 : null
}

interface Entries {
  readonly entries: IndexEntry[]
  /** Where each begins in the file. */
  readonly starts: number[]
  readonly end: number
}

function readEntries(file: Buffer, version: number, width: number): Entries {
  const count = file.readUInt32BE(8)
  const entries: IndexEntry[] = []
  const starts: number[] = []
  let at = 12
  let previous = ''
  for (let n = 0; n < count; n += 1) {
    const flags = file.readUInt16BE(at + 40 + width)
    let name = at + 42 + width + ((flags & 0x4000) === 0 ? 0 : 2)
    let kept = ''
    if (version === 4) {
      const strip = readOffset(file, name)
      kept = previous.slice(0, previous.length - strip.value)
      name = strip.end
    }
    const stop = file.indexOf(0, name)
    if (stop === -1) throw new RangeError('name without an end')
    previous = kept + file.toString('latin1', name, stop)
    entries.push(readEntry(file, at, width, flags, previous))
    starts.push(at)
    // Before version 4 an entry is padded with 1 to 8 zero bytes to a multiple of eight.
    at = version === 4 ? stop + 1 : at + ((stop - at + 8) & ~7)
  }
  return { entries, starts, end: at }
}

/**
 * The same index without its extensions; null where an entry carries flags that change what git sees (assume-valid,
 * skip-worktree, intent-to-add), or where it is no index that we read.
 */
export function entriesOnly(file: Buffer): Buffer | null {
  const width = hashWidth(file)
  if (width === null || parseIndex(file) === null) return null
  const { starts, end } = readEntries(file, file.readUInt32BE(4), width)
  if (starts.some((at) => (file.readUInt16BE(at + 40 + width) & 0xc000) !== 0)) return null
  const body = file.subarray(0, end)
  return Buffer.concat([
    body,
    createHash(width === 20 ? 'sha1' : 'sha256')
      .update(body)
      .digest(),
  ])
}

function readEntry(file: Buffer, at: number, width: number, flags: number, path: string): IndexEntry {
  return {
    path,
    stage: (flags >> 12) & 3,
    mode: file.readUInt32BE(at + 24),
    oid: file.toString('hex', at + 40, at + 40 + width),
    size: file.readUInt32BE(at + 36),
    inode: file.readUInt32BE(at + 20),
    ctime: milliseconds(file, at),
    mtime: milliseconds(file, at + 8),
  }
}

function milliseconds(file: Buffer, at: number): number {
  return file.readUInt32BE(at) * 1000 + file.readUInt32BE(at + 4) / 1_000_000
}

/** The variable-width number of pack offsets, which version 4 uses for how much of the last name to drop. */
function readOffset(file: Buffer, start: number): { value: number; end: number } {
  let at = start
  let byte = file.readUInt8(at)
  let value = byte & 0x7f
  while ((byte & 0x80) !== 0) {
    at += 1
    byte = file.readUInt8(at)
    value = (value + 1) * 128 + (byte & 0x7f)
  }
  return { value, end: at + 1 }
}

function readExtensions(file: Buffer, start: number, width: number): Omit<GitIndex, 'entries'> | null {
  let rootTree: string | null = null
  const others: string[] = []
  let at = start
  while (at < file.length - width) {
    const name = file.toString('latin1', at, at + 4)
    const size = file.readUInt32BE(at + 4)
    const body = file.subarray(at + 8, at + 8 + size)
    if (name === 'TREE') {
      const trees = readTrees(body, width)
      rootTree = trees[0] ?? null
      for (const oid of trees) if (oid !== null) others.push(oid)
    } else if (name === 'REUC') others.push(...readResolved(body, width))
    // An extension whose name begins with a small letter changes what the entries mean.
    else if (/^[a-z]/.test(name) && name !== 'sdir') return null
    at += 8 + size
  }
  return at === file.length - width ? { rootTree, others } : null
}

/** Cached trees, the whole index first; null where git knows that the cached one is out of date. */
function readTrees(body: Buffer, width: number): (string | null)[] {
  const trees: (string | null)[] = []
  for (let at = 0; at < body.length; ) {
    const numbers = body.indexOf(0, at) + 1
    const line = body.indexOf(10, numbers)
    if (numbers === 0 || line === -1) throw new RangeError('cached tree without an end')
    const valid = body[numbers] !== 0x2d
    trees.push(valid ? body.toString('hex', line + 1, line + 1 + width) : null)
    at = line + 1 + (valid ? width : 0)
  }
  return trees
}

/** The blobs of conflicts that were resolved: `git checkout -m` makes the conflict again from them. */
function readResolved(body: Buffer, width: number): string[] {
  const blobs: string[] = []
  for (let at = 0; at < body.length; ) {
    const modes: string[] = []
    at = body.indexOf(0, at) + 1
    for (let stage = 1; stage <= 3; stage += 1) {
      const stop = body.indexOf(0, at)
      if (at === 0 || stop === -1) throw new RangeError('resolved conflict without an end')
      modes.push(body.toString('latin1', at, stop))
      at = stop + 1
    }
    for (const mode of modes) {
      if (/^0*$/.test(mode)) continue
      blobs.push(body.toString('hex', at, at + width))
      at += width
    }
  }
  return blobs
}
