import { type FSWatcher, watch } from 'node:fs'
import { TreeWatch } from '../../host/files/watch-tree.ts'

/** Milliseconds of quiet after a change before a lane is looked at, and how long changes can put that off. */
const QUIET = 300
const AT_MOST = 1_000
/** Milliseconds between looks at a lane that cannot be watched, and at all lanes whatever was seen. */
const POLL_EVERY = 1_500
const LOOK_AT_ALL_EVERY = 60_000

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
  #lookedAtAll = Number.NEGATIVE_INFINITY

  /** Watches these lanes and no others. A lane that is new here has changed: nobody saw what it did until now. */
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
    return this.#allDue(now) || [...this.#watches.values()].some((one) => isDue(one, now))
  }

  /** The lanes to look at now; null: all. They count as looked at. */
  take(now = performance.now()): ReadonlySet<number> | null {
    const all = this.#allDue(now)
    const due = new Set<number>()
    for (const [id, one] of this.#watches) {
      // What has only begun to change is taken along: it will be due in a moment.
      if (!all && one.first === null && !isDue(one, now)) continue
      due.add(id)
      Object.assign(one, { first: null, looked: now })
    }
    if (all) this.#lookedAtAll = now
    return all ? null : due
  }

  [Symbol.dispose](): void {
    for (const [id, one] of this.#watches) this.#end(id, one)
  }

  #allDue(now: number): boolean {
    return this.#watches.size > 0 && now - this.#lookedAtAll > LOOK_AT_ALL_EVERY
  }

  #begin(lane: Watched): Watch {
    const mark = (): void => {
      one.latest = performance.now()
      one.first ??= one.latest
    }
    const tree = new TreeWatch(lane.path, mark)
    const git = watchGit(lane.gitDir, mark)
    const now = performance.now()
    const one: Watch = {
      ...{ tree, gitDir: lane.gitDir, first: now, latest: now, looked: now },
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
