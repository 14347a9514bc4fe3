import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { gitBytes } from '../git/git.ts'
import { SET_ID } from './finds.ts'
import { below, onDisk, parentOf, readable } from './paths.ts'
import { breather } from './walk.ts'

/** A file that is a blob as it is. */
export interface RawFile {
  /** latin1, relative to the lane. */
  readonly path: string
  readonly type: 'file' | 'symlink'
  readonly oid: string
  readonly mode: number
  /** Bytes; only to read in portions. */
  readonly size: number
  /** Seconds. */
  readonly mtime: number
}

/** How much is read from git at once. */
const PORTION = { bytes: 32 << 20, files: 1000 }

/**
 * Writes blobs into a new lane without git's conversions: what attributes, settings and filters say may have changed
 * since the archive was made, the bytes may not. Nothing may exist at the paths; `made` collects directories. Returns what could not be written,
 * having written all the rest.
 */
export async function writeRaw(
  commonDir: string,
  root: string,
  files: readonly RawFile[],
  directoryMode: number,
  made: Set<string>,
): Promise<string[]> {
  const problems: string[] = []
  const breathe = breather()
  for (const portion of portions(files)) {
    const contents = await readBlobs(commonDir, portion)
    for (const [n, file] of portion.entries()) {
      const content = contents[n]
      makeDirectories(root, parentOf(file.path), directoryMode, made)
      if (content == null) problems.push(`${readable(file.path)}: the object ${file.oid} is missing.`)
      else writeOne(below(root, file.path), file, content)
      await breathe()
    }
  }
  return problems
}

/** The directory and those above it that are not `made` yet, with exactly this mode. */
export function makeDirectories(root: string, path: string, mode: number, made: Set<string>): void {
  if (made.has(path)) return
  makeDirectories(root, parentOf(path), mode, made)
  mkdirSync(onDisk(below(root, path)))
  chmodSync(onDisk(below(root, path)), mode | 0o700)
  made.add(path)
}

function portions(files: readonly RawFile[]): RawFile[][] {
  const all: RawFile[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const file of files) {
    const last = all.at(-1)
    if (last === undefined || bytes + file.size > PORTION.bytes || last.length >= PORTION.files) {
      all.push([file])
      bytes = file.size
    } else {
      last.push(file)
      bytes += file.size
    }
  }
  return all
}

/** In the order asked for; null for an object that is not there. Format: git-cat-file(1), batch output. */
async function readBlobs(commonDir: string, files: readonly RawFile[]): Promise<(Buffer | null)[]> {
  const { stdout } = await gitBytes({ gitDir: commonDir }, ['cat-file', '--batch', '--buffer'], {
    input: files.map((file) => `${file.oid}\n`).join(''),
    env: { GIT_NO_REPLACE_OBJECTS: '1' },
  })
  const contents: (Buffer | null)[] = []
  for (let at = 0; at < stdout.length; ) {
    const line = stdout.indexOf('\n', at)
    const size = /^[0-9a-f]+ blob (\d+)$/.exec(stdout.slice(at, line))?.[1]
    at = line + 1
    if (size === undefined) {
      contents.push(null)
      continue
    }
    contents.push(Buffer.from(stdout.slice(at, at + Number(size)), 'latin1'))
    at += Number(size) + 1
  }
  return contents
}

function writeOne(path: string, file: RawFile, content: Buffer): void {
  const place = onDisk(path)
  if (file.type === 'symlink') {
    symlinkSync(content, place)
    lutimesSync(place, file.mtime, file.mtime)
    return
  }
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const descriptor = openSync(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    for (let written = 0; written < content.length; ) written += writeSync(descriptor, content, written)
    // Ours for a moment: nobody may run it as us.
    fchmodSync(descriptor, file.mode & ~SET_ID)
    futimesSync(descriptor, file.mtime, file.mtime)
  } finally {
    closeSync(descriptor)
  }
}
