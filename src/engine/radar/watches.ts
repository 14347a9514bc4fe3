import { type FSWatcher, watch } from 'node:fs'
import { TreeWatch } from '../../host/files/watch-tree.ts'

/** Milliseconds of quiet after a change before a lane is looked at, and how long changes can put that off. */
const QUIET = 300
const AT_MOST = 1_000
/** Milliseconds between looks at a lane that cannot be watched, and at one that can, whatever was seen of it. */
const POLL_EVERY = 1_500
const LOOK_AGAIN_EVERY = 5 * 60_000
/** Lanes that are looked at before the matrix is made anew. */
const AT_ONCE = 8

/** A lane to be watched. */
export interface Watched {
  readonly id: number
  readonly path: string
  /** Its git directory: commits need not change a file of the lane. */
  readonly gitDir: string
  readonly ignored: readonly string[]
}

interface Watch extends Disposable {
  readonly tree: TreeWatch
  readonly gitDir: string
  first: number | null
  latest: number
  looked: number
}

/** Tells which lanes have changed since they were looked at last. */
export class LaneWatches implements Disposable {
  readonly #watches = new Map<number, Watch>()

  /** Watches these lanes and no others. A lane that is new here is looked at again: nobody saw what it did until now. */
  async follow(lanes: readonly Watched[]): Promise<void> {
    for (const [id, one] of this.#watches)
      if (!lanes.some((lane) => lane.id === id && lane.gitDir === one.gitDir)) this.#end(id, one)
    await Promise.all(
      lanes.map(async (lane) => {
        const one = this.#watches.get(lane.id) ?? this.#begin(lane)
        await one.tree.follow(lane.ignored)
      }),
    )
  }

  /** Whether a lane has been quiet for long enough to be looked at, or kept on changing for too long. */
  isDue(now = performance.now()): boolean {
    return [...this.#watches.values()].some((one) => isDue(one, now) || isStale(one, now))
  }

  /**
   * The lanes to look at now, those first that changed first; they count as looked at. Few at a time, and only one of
   * those that nothing was seen of for long, so that no change waits for many others.
   */
  take(now = performance.now()): ReadonlySet<number> {
    // What has only begun to change is taken along: it will be due in a moment.
    const changed = [...this.#watches].filter(([, one]) => one.first !== null || isDue(one, now))
    const stale = [...this.#watches].filter(([, one]) => isStale(one, now))
    const oldest = stale.sort(([, a], [, b]) => a.looked - b.looked).slice(0, 1)
    const first = changed.sort(([, a], [, b]) => (a.first ?? now) - (b.first ?? now)).slice(0, AT_ONCE)
    for (const [, one] of [...first, ...oldest]) Object.assign(one, { first: null, looked: now })
    return new Set([...first, ...oldest].map(([id]) => id))
  }

  [Symbol.dispose](): void {
    for (const [id, one] of this.#watches) this.#end(id, one)
  }

  #begin(lane: Watched): Watch {
    const mark = (): void => {
      one.latest = performance.now()
      one.first ??= one.latest
    }
    const tree = new TreeWatch(lane.path, mark)
    const git = watchGit(lane.gitDir, mark)
    const one: Watch = {
      ...{ tree, gitDir: lane.gitDir, first: null, latest: 0, looked: Number.NEGATIVE_INFINITY },
      [Symbol.dispose]() {
        tree[Symbol.dispose]()
        git?.close()
      },
    }
    this.#watches.set(lane.id, one)
    return one
  }

  #end(id: number, one: Watch): void {
    one[Symbol.dispose]()
    this.#watches.delete(id)
  }
}

function isDue({ first, latest, looked, tree }: Watch, now: number): boolean {
  if (first !== null && (now - latest >= QUIET || now - first >= AT_MOST)) return true
  return !tree.isWhole && now - looked >= POLL_EVERY
}

function isStale({ first, looked }: Watch, now: number): boolean {
  return first === null && now - looked >= LOOK_AGAIN_EVERY
}

/** HEAD and the index change with each commit; the rest of git's directory says nothing about the lane. */
function watchGit(gitDir: string, changed: () => void): FSWatcher | null {
  try {
    const watcher = watch(gitDir, { persistent: false }, (_, name) => {
      if (name === 'HEAD' || name === 'index') changed()
    })
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return null
  }
}
