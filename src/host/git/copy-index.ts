import { utimes, writeFile } from 'node:fs/promises'
import { Fault } from '../fault.ts'
import { readPlainFile } from '../files/plain-file.ts'

/** Bytes; some five million entries. */
const LARGEST_INDEX = 512 * 1024 * 1024

/**
 * A copy of an index keeps its time: git tells by it which files may have changed in the second in which it was written,
 * and would take those for unchanged (git: Documentation/technical/racy-git.txt).
 * @throws Fault where no index lies there: it may be a lane that wrote it
 */
export async function copyIndex(from: string, to: string): Promise<void> {
  const index = await readPlainFile(from, LARGEST_INDEX)
  if (index === null) throw new Fault(`${from} is no index.`, { retry: 'later' })
  await writeFile(to, index.bytes)
  await utimes(to, index.writtenAt, index.writtenAt)
}
