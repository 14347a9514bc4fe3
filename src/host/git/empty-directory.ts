import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SharedPlace } from './tree-diff.ts'

/**
 * An empty directory for git to stand in, so that it finds no attributes of the project. One for all: it stays when a
 * process is killed, and nothing of ours ever writes in it.
 */
export async function emptyDirectory({ commonDir }: SharedPlace): Promise<string> {
  const path = join(commonDir, 'worklane', 'empty')
  await mkdir(path, { recursive: true })
  return path
}
