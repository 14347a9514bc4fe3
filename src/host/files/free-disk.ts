import { type StatsFs, statfsSync } from 'node:fs'
import { dirname } from 'node:path'

/** What the file system of a path has left. */
export interface FreeDisk {
  readonly bytes: number
  /** How many files can still be made; null where the file system has no such limit. */
  readonly files: number | null
}

/** Asked of the path itself or, before it exists, of the nearest directory above it. Takes microseconds. */
export function freeDisk(path: string): FreeDisk {
  const { bavail, bsize, files, ffree } = nearest(path)
  return { bytes: bavail * bsize, files: files === 0 ? null : ffree }
}

/** git and SQLite take back what they could not finish, so after their failure there is some room again. */
const SCARCE_BYTES = 16_000_000
const SCARCE_FILES = 200

/** So little that a failure in this moment was most likely one of room. */
export function isScarce({ bytes, files }: FreeDisk): boolean {
  return bytes < SCARCE_BYTES || (files !== null && files < SCARCE_FILES)
}

function nearest(path: string): StatsFs {
  for (let at = path; ; at = dirname(at)) {
    try {
      return statfsSync(at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(at) === at) throw error
    }
  }
}
