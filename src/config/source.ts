import { createReadStream } from 'node:fs'
import { printable, usageAt } from './place.ts'
import { UsageError } from './usage-error.ts'

/**
 * The text of a file that a person wrote: at most `limit` bytes, UTF-8 and nothing else, byte order mark dropped.
 * Reads no further than the limit, so that a device or an endless pipe is answered too. Null when there is no such
 * file.
 * @throws UsageError
 */
export async function readSource(path: string, limit: number): Promise<string | null> {
  const bytes = await readBytes(path, limit)
  return bytes === null ? null : decode(path, bytes)
}

async function readBytes(path: string, limit: number): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  try {
    // `end` is inclusive: one byte more than allowed, to notice it.
    for await (const chunk of createReadStream(path, { end: limit })) chunks.push(chunk as Buffer)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return null
    throw unreadable(path, code)
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length > limit) throw tooLarge(path, limit)
  return bytes
}

export function tooLarge(name: string, limit: number): UsageError {
  return usageAt(
    { file: name, line: 1 },
    `The file is larger than ${limit / 2 ** 20} MiB.`,
    'Split it into several files.',
  )
}

function unreadable(path: string, code: string | undefined): UsageError {
  const name = printable(path, 200)
  if (code === 'EISDIR')
    return new UsageError(`${name} is a directory, not a file.`, { hint: 'Name a file in it.' })
  return new UsageError(`${name} cannot be read (${code ?? 'unknown reason'}).`, {
    hint: 'Check the path and its permissions.',
  })
}

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
