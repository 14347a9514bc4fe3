/**
 * File names on Linux are bytes, not text. Everything in this folder carries paths as latin1 text, one character a
 * byte, so that any name survives Maps, JSON and `-z` answers of git; only calls to the file system see Buffers.
 */

/** A directory given by the rest of the program, as latin1 text. */
export function rawPath(directory: string): string {
  return Buffer.from(directory, 'utf8').toString('latin1')
}

/** What `fs` is called with for a latin1 path. */
export function onDisk(raw: string): Buffer {
  return Buffer.from(raw, 'latin1')
}

/** `path` below `root`; an empty path is the root itself. */
export function below(root: string, path: string): string {
  return path === '' ? root : `${root}/${path}`
}

/** The directory that holds `path`; '' for the top. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '' : path.slice(0, slash)
}

/** For people to read: names that are not UTF-8 show replacement characters. */
export function readable(raw: string): string {
  return Buffer.from(raw, 'latin1').toString('utf8')
}

/** Adds every directory above `path`, the top ('') excepted. Cheap for sorted paths. */
export function addParents(path: string, directories: Set<string>): void {
  for (let parent = parentOf(path); parent !== '' && !directories.has(parent); parent = parentOf(parent))
    directories.add(parent)
}
