import { lstatSync, statfsSync } from 'node:fs'
import { below, onDisk, rawPath } from '../archive/paths.ts'
import { breather, list } from '../archive/walk.ts'

/**
 * A word for each thing below a directory, by its path: another one once somebody has written to it, replaced it or given
 * it other rights, since nobody but root can put a ctime back. Directories have a word for their rights. Paths are bytes
 * (archive/paths.ts).
 */
export type TreeMarks = ReadonlyMap<string, string>

/** `out`: it does not count, nor what lies below it. `shared`: a directory that is somebody else's and stays. */
export type Standing = 'out' | 'shared' | 'counts'

const DIRECTORY = 'directory'
const SHARED = 'shared'
/** Bytes of all paths together. */
const MOST = 64_000_000
/** Where a file can be written through memory without another ctime (seen with Linux 6.18). */
const TMPFS = 0x01021994

/** Null: it cannot all be looked at, or says nothing here. Only where nothing runs that can write there. */
export async function treeMarks(
  directory: string,
  standing: (path: string, isDirectory: boolean) => Standing,
): Promise<TreeMarks | null> {
  if (statfsSync(directory).type === TMPFS) return null
  const root = rawPath(directory)
  const marks = new Map<string, string>()
  const breathe = breather()
  const waiting = ['']
  let bytes = 0
  try {
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      for (const name of list(root, at)) {
        const path = at === '' ? name : `${at}/${name}`
        const { isDirectory, mark } = look(below(root, path))
        const stands = standing(path, isDirectory)
        if (stands === 'out') continue
        if (isDirectory) waiting.push(path)
        marks.set(path, stands === 'shared' ? `${SHARED} ${mark}` : mark)
        bytes += path.length
      }
      if (bytes > MOST) return null
      await breathe()
    }
    return marks
  } catch {
    // Directories that nobody may enter, or so deep in each other that no path leads there.
    return null
  }
}

function look(path: string): { isDirectory: boolean; mark: string } {
  const stat = lstatSync(onDisk(path), { bigint: true })
  const { ino, size, mode, uid, ctimeNs } = stat
  const isDirectory = stat.isDirectory()
  return {
    isDirectory,
    mark: isDirectory ? `${DIRECTORY} ${mode} ${uid}` : `${ino} ${size} ${mode} ${ctimeNs}`,
  }
}

/** What is there now and was not: the topmost of it. Null: something that was there is gone or is not as it was. */
export function addedSince(before: TreeMarks, now: TreeMarks): string[] | null {
  for (const [path, mark] of before) {
    const is = now.get(path)
    if (is !== mark && !(is === undefined && mark.startsWith(SHARED))) return null
  }
  const added: string[] = []
  // Parents come before what lies in them.
  const below = new Set<string>()
  for (const [path, mark] of now) {
    if (before.has(path) || mark.startsWith(SHARED)) continue
    below.add(path)
    if (!below.has(path.slice(0, Math.max(0, path.lastIndexOf('/'))))) added.push(path)
  }
  return added
}
