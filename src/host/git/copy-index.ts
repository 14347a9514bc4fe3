import { copyFile, stat, utimes } from 'node:fs/promises'

/**
 * A copy of an index keeps its time: git tells by it which files may have changed in the second in which it was written,
 * and would take those for unchanged (git: Documentation/technical/racy-git.txt).
 */
export async function copyIndex(from: string, to: string): Promise<void> {
  await copyFile(from, to)
  const { atime, mtime } = await stat(from)
  await utimes(to, atime, mtime)
}
