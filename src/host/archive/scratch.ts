import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { below, onDisk, rawPath } from './paths.ts'

/** Begins the names of temporary directories, so that a later call can tell what a crash left. */
const SCRATCH = 'worklane-scratch-'

/** Runs with a temporary directory inside `parent`, readable by us alone, which is gone afterwards. */
export async function withScratch<T>(parent: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(`${parent}/${SCRATCH}`)
  try {
    return await work(scratch)
  } finally {
    removeTree(rawPath(scratch))
  }
}

/** Removes what interrupted calls left in `parent`. */
export function sweepScratch(parent: string): void {
  for (const name of readdirSync(parent))
    if (name.startsWith(SCRATCH)) removeTree(rawPath(`${parent}/${name}`))
}

/** Also names that are not UTF-8, and directories that may not be written to. Only for directories of our own. */
function removeTree(path: string): void {
  if (!lstatSync(onDisk(path)).isDirectory()) {
    unlinkSync(onDisk(path))
    return
  }
  chmodSync(onDisk(path), 0o700)
  for (const name of readdirSync(onDisk(path), { encoding: 'latin1' })) removeTree(below(path, name))
  rmdirSync(onDisk(path))
}
