import { lstatSync } from 'node:fs'
import { below, onDisk, rawPath } from '../archive/paths.ts'
import { breather, list } from '../archive/walk.ts'

/**
 * A word for each thing below a directory, by its path: another one once somebody has written to it, replaced it or given
 * it other rights, since nobody but root can put a ctime back. Directories have the same word always. Paths are bytes
 * (archive/paths.ts).
 */
export type TreeMarks = ReadonlyMap<string, string>

const DIRECTORY = 'directory'
const MOST_ENTRIES = 2_000_000

/**
 * `leaveOut`: paths that do not count, nor what lies below them. Null: it cannot all be looked at. Only where nothing
 * runs that can write there.
 */
export async function treeMarks(
  directory: string,
  leaveOut: (path: string) => boolean,
): Promise<TreeMarks | null> {
  const root = rawPath(directory)
  const marks = new Map<string, string>()
  const breathe = breather()
  const waiting = ['']
  try {
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      for (const name of list(root, at)) {
        const path = at === '' ? name : `${at}/${name}`
        if (leaveOut(path)) continue
        const mark = markOf(below(root, path))
        if (mark === DIRECTORY) waiting.push(path)
        marks.set(path, mark)
      }
      if (marks.size > MOST_ENTRIES) return null
      await breathe()
    }
    return marks
  } catch {
    // Directories that nobody may enter, or so deep in each other that no path leads there.
    return null
  }
}

function markOf(path: string): string {
  const stat = lstatSync(onDisk(path), { bigint: true })
  return stat.isDirectory() ? DIRECTORY : `${stat.ino} ${stat.size} ${stat.mode} ${stat.ctimeNs}`
}

/** What is there now and was not: the topmost of it. Null: something that was there is gone or is not as it was. */
export function addedSince(before: TreeMarks, now: TreeMarks): string[] | null {
  for (const [path, mark] of before) if (now.get(path) !== mark) return null
  const added: string[] = []
  // Parents come before what lies in them.
  const below = new Set<string>()
  for (const path of now.keys()) {
    if (before.has(path)) continue
    below.add(path)
    if (!below.has(path.slice(0, Math.max(0, path.lastIndexOf('/'))))) added.push(path)
  }
  return added
}
