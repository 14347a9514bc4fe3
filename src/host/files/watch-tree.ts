import { type FSWatcher, watch } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { diskPath } from '../git/path-bytes.ts'

/** Directories of one tree that are watched at most. The kernel grants a user some 8,000 to 200,000 (inotify(7)). */
const MOST_DIRECTORIES = 4_000

/**
 * Watches the directories of a tree, all with the one inotify instance that Node has for its process (libuv: linux.c);
 * Node's own recursive watching takes one watch for each file as well (24.21). What it sees is where to look, never what
 * is there: writes through memory maps and those that come in a flood can pass unseen (inotify(7)).
 */
export class TreeWatch implements Disposable {
  readonly #root: string
  readonly #changed: () => void
  readonly #watchers = new Map<string, FSWatcher>()
  #ignored: ReadonlySet<string> = new Set()
  #isWhole = true

  /** `changed` is called for each change, more than once for one. */
  constructor(root: string, changed: () => void) {
    this.#root = root
    this.#changed = changed
  }

  /** False: there are more directories than can be watched, so that changes pass unseen. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Watches everything but `.git` and the ignored directories, whose paths are bytes and end with a slash. */
  async follow(ignored: readonly string[]): Promise<void> {
    this.#ignored = new Set(ignored.map((path) => path.replace(/\/$/, '')))
    for (const path of [...this.#watchers.keys()]) if (this.#isIgnored(path)) this.#leave(path)
    await this.#enter('')
  }

  [Symbol.dispose](): void {
    for (const path of [...this.#watchers.keys()]) this.#leave(path)
  }

  async #enter(top: string): Promise<void> {
    const waiting = [top]
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (!this.#watch(path)) continue
      for (const name of await directoriesIn(diskPath(this.#root, path)))
        waiting.push(path === '' ? name : `${path}/${name}`)
    }
  }

  /** False: nothing below it is to be looked at, or nothing can be. */
  #watch(path: string): boolean {
    if (this.#isIgnored(path)) return false
    if (this.#watchers.has(path)) return path === ''
    if (this.#watchers.size >= MOST_DIRECTORIES) {
      this.#isWhole = false
      return false
    }
    try {
      const watcher = watch(diskPath(this.#root, path), {
        persistent: false,
        encoding: 'latin1' as BufferEncoding,
      })
      this.#watchers.set(path, watcher)
      watcher.on('change', (kind, name) => this.#see(path, kind, String(name ?? '')))
      watcher.on('error', () => this.#leave(path))
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // No more watches or descriptors for us; anything else is gone again already.
      if (code === 'ENOSPC' || code === 'EMFILE') this.#isWhole = false
      return false
    }
  }

  #see(directory: string, kind: string, name: string): void {
    const path = directory === '' ? name : `${directory}/${name}`
    if (this.#isIgnored(path)) return
    this.#changed()
    if (kind === 'rename' && name !== '') void this.#lookAt(path)
  }

  /** Came or went: a new directory is watched, with what is in it by now. */
  async #lookAt(path: string): Promise<void> {
    const is = await lstat(diskPath(this.#root, path)).catch(() => null)
    if (is?.isDirectory() === true) {
      await this.#enter(path)
      this.#changed()
    } else for (const one of [...this.#watchers.keys()]) if (isWithin(one, path)) this.#leave(one)
  }

  #leave(path: string): void {
    this.#watchers.get(path)?.close()
    this.#watchers.delete(path)
  }

  #isIgnored(path: string): boolean {
    return path === '.git' || path.endsWith('/.git') || this.#ignored.has(path)
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}

/** None where there is nothing to read any more. */
async function directoriesIn(path: Buffer): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' }).catch(() => [])
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name.toString('latin1')] : []))
}
