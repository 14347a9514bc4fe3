import { rm, rmdir } from 'node:fs/promises'
import { git } from '../git/git.ts'
import { MANIFEST_FILE, TARS } from './manifest.ts'
import { sweepScratch } from './scratch.ts'

/**
 * Deletes an archive for good: files first, so that what is left of an interrupted purge is no archive any more and
 * a second call finishes it. A ref that moved meanwhile is a fault, to be tried again.
 */
export async function purgeArchive(place: {
  readonly commonDir: string
  readonly directory: string
  readonly refPrefix: string
}): Promise<void> {
  for (const name of [MANIFEST_FILE, `${MANIFEST_FILE}.new`, ...TARS])
    await rm(`${place.directory}/${name}`, { force: true })
  const gitDir = { gitDir: place.commonDir }
  const { stdout } = await git(gitDir, [
    'for-each-ref',
    '--format=delete %(refname) %(objectname)',
    place.refPrefix,
  ])
  if (stdout !== '')
    await git(gitDir, ['update-ref', '--no-deref', '--stdin'], { input: stdout, writes: true })
  try {
    await sweepScratch(place.directory)
    await rmdir(place.directory)
  } catch (error) {
    // Gone already, or somebody keeps something of their own there.
    if (!['ENOENT', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
