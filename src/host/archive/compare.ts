import { createHash } from 'node:crypto'
import { createReadStream, lstatSync, readFileSync, readlinkSync } from 'node:fs'
import type { Entry } from './manifest.ts'
import { below, onDisk, readable } from './paths.ts'

/** Something about an archive, or about what came out of it, that is not as its manifest says. */
export interface ArchiveProblem {
  readonly what: 'manifest' | 'tar' | 'entry' | 'ref'
  /** Path or ref. */
  readonly name: string
  readonly message: string
}

/** Holds entries of one area against what lies in a directory. Times are not compared. */
export async function compareEntries(root: string, entries: readonly Entry[]): Promise<ArchiveProblem[]> {
  const problems: ArchiveProblem[] = []
  for (const entry of entries) {
    const message = await difference(below(root, entry.path), entry)
    if (message !== null) problems.push({ what: 'entry', name: readable(entry.path), message })
  }
  return problems
}

async function difference(path: string, entry: Entry): Promise<string | null> {
  const stat = lstatSync(onDisk(path), { throwIfNoEntry: false })
  if (stat === undefined) return 'is missing'
  const is = {
    file: stat.isFile(),
    symlink: stat.isSymbolicLink(),
    directory: stat.isDirectory(),
    fifo: stat.isFIFO(),
  }
  if (!is[entry.type]) return `is not a ${entry.type}`
  if (entry.type === 'symlink')
    return readlinkSync(onDisk(path), { encoding: 'latin1' }) === entry.target ? null : 'points elsewhere'
  const mode = stat.mode & 0o7777
  if (mode !== entry.mode) return `has mode ${mode.toString(8)} instead of ${entry.mode.toString(8)}`
  if (entry.type !== 'file') return null
  if (stat.size !== entry.size) return `has ${stat.size} bytes instead of ${entry.size}`
  return (await sha256(path, stat.size)) === entry.sha256 ? null : 'has other bytes'
}

async function sha256(path: string, size: number): Promise<string> {
  const hash = createHash('sha256')
  if (size <= 2 << 20) return hash.update(readFileSync(onDisk(path))).digest('hex')
  for await (const part of createReadStream(onDisk(path), { highWaterMark: 1 << 20 }))
    hash.update(part as Buffer)
  return hash.digest('hex')
}
