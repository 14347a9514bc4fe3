import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { below, onDisk, rawPath } from './paths.ts'
import { breather } from './walk.ts'

/** Begins the names of temporary directories, so that a later call can tell what a crash left. */
const SCRATCH = 'worklane-scratch-'

/** As long as the path of any of them. */
export function scratchLike(parent: string): string {
  return `${parent}/${SCRATCH}XXXXXX`
}

/** Runs with a temporary directory inside `parent`, readable by us alone, which is gone afterwards. */
export async function withScratch<T>(parent: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(`${parent}/${SCRATCH}`)
  try {
    return await work(scratch)
  } finally {
    await removeTree(rawPath(scratch), breather())
  }
}

/** Removes what interrupted calls left in `parent`. */
export async function sweepScratch(parent: string): Promise<void> {
  for (const name of readdirSync(parent))
    if (name.startsWith(SCRATCH)) await removeTree(rawPath(`${parent}/${name}`), breather())
}

/** Also names that are not UTF-8, and directories that may not be written to. Only for directories of our own. */
async function removeTree(path: string, breathe: ReturnType<typeof breather>): Promise<void> {
  await breathe()
  if (!lstatSync(onDisk(path)).isDirectory()) {
    unlinkSync(onDisk(path))
    return
  }
  chmodSync(onDisk(path), 0o700)
  for (const name of readdirSync(onDisk(path), { encoding: 'latin1' }))
    await removeTree(below(path, name), breathe)
  rmdirSync(onDisk(path))
}
