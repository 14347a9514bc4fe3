import { resolve } from 'node:path'
import { filesGoFast, floorCause, shortOf } from '../../board/overload.ts'
import { type FreeDisk, freeDisk } from '../../host/files/free-disk.ts'
import { diskUsage, fileCount } from '../../host/limits/disk-usage.ts'
import type { World } from '../world.ts'
import type { LivingGuard } from './guard.ts'

/** Milliseconds between two counts of all lanes at work when nothing is unusual. */
const COUNT_EVERY = 5_000
/** A count takes part of the machine: at most this share of the time. */
const MOST_SHARE = 1 / 3

/** Watches what the lanes at work take on the disk. */
export class DiskWatch {
  readonly #place: string
  /** Bytes left on the disk below which the lane that grows fastest is ended; half of what new work needs. */
  readonly #floor: number
  #counting: Promise<void> | null = null
  #counted = {
    at: Number.NEGATIVE_INFINITY,
    cost: 0,
    free: { bytes: Number.POSITIVE_INFINITY, files: null } as FreeDisk,
  }

  constructor({ repository, settings }: Pick<World, 'repository' | 'settings'>) {
    this.#place = resolve(repository.root, settings.lanes.directory)
    this.#floor = settings.limits.freeDisk / 2
  }

  /** One cheap look at the disk; counts the lanes when it is time, or when the disk fills quickly. */
  look(guards: ReadonlySet<LivingGuard>): void {
    if (this.#counting !== null || guards.size === 0) return
    const free = freeDisk(this.#place)
    const { at, cost, free: before } = this.#counted
    const since = performance.now() - at
    if (since < cost / MOST_SHARE) return
    const headroom = Math.min(...[...guards].map(({ ceiling, taken }) => ceiling - taken))
    const urgent =
      shortOf(free, this.#floor) !== null ||
      before.bytes - free.bytes > headroom / 2 ||
      filesGoFast(before.files, free.files)
    if (!urgent && since < COUNT_EVERY) return
    this.#counting = this.#count([...guards]).finally(() => {
      this.#counting = null
    })
  }

  /** For those who close: no count of theirs is at work any more. */
  async idle(): Promise<void> {
    await this.#counting
  }

  async #count(guards: readonly LivingGuard[]): Promise<void> {
    const begun = performance.now()
    const free = freeDisk(this.#place)
    for (const guard of guards) {
      const { directories } = guard.run
      const [bytes, files] = await Promise.all([
        diskUsage(directories),
        free.files === null ? 0 : fileCount(directories),
      ])
      if (bytes !== null && files !== null) guard.count({ bytes, files })
    }
    this.#counted = { at: performance.now(), cost: performance.now() - begun, free }
    this.#defendFloor(guards)
  }

  /** One at a time: what its end frees, or stops, is seen at the next look. */
  #defendFloor(guards: readonly LivingGuard[]): void {
    const free = freeDisk(this.#place)
    const short = shortOf(free, this.#floor)
    if (short === null) return
    const [fastest] = [...guards].sort((one, other) => other.grown[short] - one.grown[short])
    if (fastest === undefined) return
    const cause = floorCause(short, free[short] ?? 0, fastest.grown[short])
    if (cause !== null) fastest.end(cause)
  }
}
