import { writeFile } from 'node:fs/promises'
import { gitBytes, splitZero } from '../git/git.ts'
import type { LanePlace } from './finds.ts'

/**
 * Which of these untracked paths the lane's ignore rules exclude, themselves or by a directory above them.
 * Without the index: the paths are known to be untracked, and a damaged index must not stop an archive.
 */
export async function ignoredAmong(place: LanePlace, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set()
  // "./": a file may be called ":(top)", which means something else at the start of a path.
  const input = paths.map((path) => `./${path}\0`).join('')
  const answer = await gitBytes(
    { gitDir: place.adminDir, workTree: place.path },
    ['check-ignore', '--no-index', '-z', '--stdin'],
    { input: Buffer.from(input, 'latin1'), answers: [0, 1] },
  )
  return new Set(splitZero(answer.stdout).map((path) => path.slice(2)))
}

/**
 * What gitignore-style globs match in the lane; a directory that matches as a whole, or holds a repository, ends
 * with a slash.
 */
export async function matching(
  place: LanePlace,
  globs: readonly string[],
  scratch: string,
): Promise<readonly string[]> {
  const file = `${scratch}/keep`
  await writeFile(file, `${globs.join('\n')}\n`)
  const answer = await gitBytes(
    // An index that does not exist: tracked files are then listed too, and the caller drops them.
    { gitDir: place.adminDir, workTree: place.path, indexFile: `${scratch}/no-index` },
    ['ls-files', '--others', '--ignored', '--directory', '-z', `--exclude-from=${file}`],
  )
  return splitZero(answer.stdout)
}
