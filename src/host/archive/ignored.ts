import { chown, mkdir, writeFile } from 'node:fs/promises'
import { Fault } from '../fault.ts'
import { type GitPlace, gitBytes, splitZero } from '../git/git.ts'
import type { LanePlace } from './finds.ts'

/** Milliseconds for all questions about one lane. It can hold what git waits for in vain: a FIFO named .gitignore. */
const PATIENCE = 10_000
/** Bytes of paths that git is asked about at once. */
const PORTION = 16 << 20

/** What git says of the files of one lane; null where it does not answer, and from then on. */
export class IgnoreRules {
  readonly #place: LanePlace
  readonly #until = performance.now() + PATIENCE
  #answers = true

  constructor(place: LanePlace) {
    this.#place = place
  }

  /**
   * Which of these untracked paths the lane's ignore rules exclude, themselves or by a directory above them.
   * Without the index: the paths are known to be untracked, and a damaged index must not stop an archive.
   */
  async among(paths: readonly string[]): Promise<ReadonlySet<string> | null> {
    const ignored = new Set<string>()
    for (const input of portions(paths)) {
      const answer = await this.#ask({}, ['check-ignore', '--no-index', '-z', '--stdin'], input)
      if (answer === null) return null
      for (const path of answer) ignored.add(path.slice(2))
    }
    return ignored
  }

  /**
   * What gitignore-style globs match in the lane; a directory that matches as a whole, or holds a repository, ends
   * with a slash.
   */
  async matching(globs: readonly string[], scratch: string): Promise<readonly string[] | null> {
    // Of its own, for git behind walls: nothing else of the archive can be read there.
    const room = `${scratch}/asked`
    await mkdir(room, { mode: 0o700 })
    const file = `${room}/keep`
    await writeFile(file, `${globs.join('\n')}\n`)
    // An index that does not exist: tracked files are then listed too, and the caller drops them.
    return await this.#ask({ indexFile: `${room}/no-index` }, [
      'ls-files',
      '--others',
      '--ignored',
      '--directory',
      '-z',
      `--exclude-from=${file}`,
    ])
  }

  async #ask(more: Partial<GitPlace>, args: readonly string[], input?: Buffer): Promise<string[] | null> {
    const { adminDir, path, signal } = this.#place
    const timeout = Math.round(this.#until - performance.now())
    if (!this.#answers || timeout <= 0) return null
    try {
      const walls = (await this.#place.walls?.()) ?? null
      const room = more.indexFile === undefined ? null : more.indexFile.replace(/\/[^/]*$/, '')
      if (room !== null && walls?.uid != null) await chown(room, walls.uid, walls.uid)
      const place = { gitDir: adminDir, workTree: path, ...more, ...(walls === null ? {} : { walls }) }
      const { stdout } = await gitBytes(place, args, {
        answers: [0, 1],
        timeout,
        mostBytes: 2 * PORTION,
        ...(input === undefined ? {} : { input }),
        ...(signal === undefined ? {} : { signal }),
      })
      return splitZero(stdout)
    } catch (error) {
      if (!(error instanceof Fault) || signal?.aborted === true) throw error
      this.#answers = false
      return null
    }
  }
}

function* portions(paths: readonly string[]): Generator<Buffer> {
  let portion = ''
  for (const path of paths) {
    // "./": a file may be called ":(top)", which means something else at the start of a path.
    portion += `./${path}\0`
    if (portion.length < PORTION) continue
    yield Buffer.from(portion, 'latin1')
    portion = ''
  }
  if (portion !== '') yield Buffer.from(portion, 'latin1')
}
