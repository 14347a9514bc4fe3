import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { printable, usageAt } from './place.ts'
import { UsageError } from './usage-error.ts'

/**
 * The text of a file that a person wrote: at most `limit` bytes, UTF-8 and nothing else, byte order mark dropped.
 * Reads no further than the limit, so that an endless pipe is answered too. Of what is no ordinary file only what
 * the caller has open already (`/dev/stdin`, `/dev/fd/63`): a pipe with a name could be waited for without end. Null
 * when there is no such file.
 * @throws UsageError
 */
export async function readSource(path: string, limit: number): Promise<string | null> {
  const bytes = await readBytes(path, limit)
  return bytes === null ? null : decode(path, bytes)
}

async function readBytes(path: string, limit: number): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  try {
    const is = await stat(path)
    if (!is.isFile() && !isOpenAlready(path, is)) throw notAFile(path, is)
    // `end` is inclusive: one byte more than allowed, to notice it.
    for await (const chunk of createReadStream(path, { end: limit })) chunks.push(chunk as Buffer)
  } catch (error) {
    if (error instanceof UsageError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    throw unreadable(path, code)
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length > limit) throw tooLarge(path, limit)
  return bytes
}

/** A stream that somebody gave us, such as `<(…)` of a shell. */
export function isOpenAlready(path: string, is: Pick<Stats, 'isDirectory'>): boolean {
  return path.startsWith('/dev/') && !is.isDirectory()
}

/** For what stands at a path instead of a file. */
export function notAFile(path: string, is: Pick<Stats, 'isDirectory' | 'isFIFO' | 'isSocket'>): UsageError {
  const name = printable(path, 200)
  if (is.isDirectory())
    return new UsageError(`${name} is a directory, not a file.`, { hint: 'Name a file in it.' })
  const what = is.isFIFO() ? 'a pipe' : is.isSocket() ? 'a socket' : 'a device'
  return new UsageError(`${name} is ${what}, not a file.`, { hint: 'Save the text in a file and name that.' })
}

export function tooLarge(name: string, limit: number): UsageError {
  return usageAt(
    { file: name, line: 1 },
    `The file is larger than ${limit / 2 ** 20} MiB.`,
    'Split it into several files.',
  )
}

function unreadable(path: string, code: string | undefined): UsageError {
  const why = REASONS.get(code ?? '') ?? code ?? 'unknown reason'
  return new UsageError(`${printable(path, 200)} cannot be read: ${why}.`, {
    hint: 'Check the path and its permissions.',
  })
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ELOOP', 'its links lead in a circle'],
  ['ENAMETOOLONG', 'its name is too long'],
  ['ENOTDIR', 'part of its path is no directory'],
  ['ENXIO', 'it is a socket'],
])

function decode(name: string, bytes: Buffer): string {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  try {
    return utf8.decode(bytes)
  } catch {
    throw usageAt(
      { file: name, line: firstInvalidLine(bytes) },
      'The file is not valid UTF-8 text here.',
      'Save it as UTF-8.',
    )
  }
}

/** A newline byte is never part of a longer UTF-8 sequence, so lines can be tried one by one. */
function firstInvalidLine(bytes: Buffer): number {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  for (let start = 0; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(10, start)
    const end = newline === -1 ? bytes.length : newline + 1
    try {
      utf8.decode(bytes.subarray(start, end))
    } catch {
      return line
    }
    start = end
  }
  return line
}
