import { resolve } from 'node:path'
import { diskCause, floorCause } from '../../board/overload.ts'
import { freeDisk } from '../../host/files/free-disk.ts'
import { diskUsage } from '../../host/limits/disk-usage.ts'
import type { World } from '../world.ts'
import type { LivingGuard } from './guard.ts'

/** Milliseconds between two counts of all lanes at work when nothing is unusual. */
const COUNT_EVERY = 5_000
/** A count takes part of the machine: at most this share of the time. */
const MOST_SHARE = 1 / 3
/** Bytes below which growth is no reason to end a run. */
const LEAST_GROWTH = 5_000_000

/** Watches what the lanes at work take on the disk. */
export class DiskWatch {
  readonly #place: string
  /** Bytes left on the disk below which the lane that grows fastest is ended; half of what new work needs. */
  readonly #floor: number
  #counting: Promise<void> | null = null
  #counted = { at: Number.NEGATIVE_INFINITY, cost: 0, free: Number.POSITIVE_INFINITY }

  constructor({ repository, settings }: Pick<World, 'repository' | 'settings'>) {
    this.#place = resolve(repository.root, settings.lanes.directory)
    this.#floor = settings.limits.freeDisk / 2
  }

  /** One cheap look at the disk; counts the lanes when it is time, or when the disk fills quickly. */
  look(guards: ReadonlySet<LivingGuard>): void {
    if (this.#counting !== null || guards.size === 0) return
    const { bytes: free } = freeDisk(this.#place)
    const { at, cost, free: before } = this.#counted
    const since = performance.now() - at
    if (since < cost / MOST_SHARE) return
    const headroom = Math.min(...[...guards].map(({ ceiling, taken }) => ceiling - taken))
    const urgent = free < this.#floor || before - free > headroom / 2
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
    const { bytes: free } = freeDisk(this.#place)
    for (const guard of guards) {
      const taken = await diskUsage(guard.run.directories)
      if (taken === null) continue
      guard.takenBefore = guard.takenBefore === null ? taken : guard.taken
      guard.taken = taken
      if (taken >= guard.ceiling) guard.end(diskCause(taken, guard.limits))
    }
    this.#counted = { at: performance.now(), cost: performance.now() - begun, free }
    this.#defendFloor(guards)
  }

  /** One at a time: what its end frees, or stops, is seen at the next look. */
  #defendFloor(guards: readonly LivingGuard[]): void {
    const { bytes: free } = freeDisk(this.#place)
    if (free >= this.#floor) return
    const grown = (guard: LivingGuard): number => guard.taken - (guard.takenBefore ?? guard.taken)
    const [fastest] = [...guards].sort((one, other) => grown(other) - grown(one))
    if (fastest === undefined || grown(fastest) < LEAST_GROWTH) return
    fastest.end(floorCause(free, grown(fastest)))
  }
}
