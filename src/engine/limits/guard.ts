import { diskCeiling, type LaneLimits } from '../../board/limits.ts'
import {
  diskCause,
  type LimitCause,
  metLimit,
  NEW_WATCH,
  overload,
  type Usage,
  watchOn,
} from '../../board/overload.ts'
import { enter } from '../../host/limits/enter.ts'
import type { Group } from '../../host/limits/group.ts'
import { mostFilesOf, suspend, treePids, usageOf } from '../../host/limits/tree-usage.ts'
import type { Guard, GuardedRun } from '../guard.ts'

/** How much a run without a control group stands back for the engine and the user (nice(1)). */
const STAND_BACK = 5

/** A run at work, as the watch sees it. */
export class LivingGuard implements Guard {
  readonly run: GuardedRun
  readonly limits: LaneLimits
  /** Bytes at which it is ended. */
  readonly ceiling: number
  /** Bytes of its directories at the last count. */
  taken = 0
  /** By how much it has grown there since the one before. */
  grown = { bytes: 0, files: 0 }
  readonly stopped: Promise<LimitCause>
  #counted: { readonly bytes: number; readonly files: number } | null = null
  readonly #group: Group | null
  readonly #ended = Promise.withResolvers<LimitCause>()
  readonly #onClose: (guard: LivingGuard) => void
  #watch = NEW_WATCH
  #cause: LimitCause | null = null
  #closed = false

  constructor(run: GuardedRun, limits: LaneLimits, { group, atStart, onClose }: GuardParts) {
    this.run = run
    this.limits = limits
    this.ceiling = diskCeiling(limits.disk, atStart)
    this.stopped = this.#ended.promise
    this.#group = group
    this.#onClose = onClose
  }

  readonly enter = (argv: readonly string[]): string[] => {
    const held = this.#group?.holds.processes === true
    return enter(
      argv,
      {
        files: this.limits.files,
        // A single file larger than the lane may be makes no sense, and no watching is as quick.
        fileSize: this.ceiling,
        processes: this.run.ownUser === true && !held ? this.limits.processes : null,
        nice: this.#group === null ? STAND_BACK : 0,
      },
      this.#group?.directories ?? [],
    )
  }

  cause(): LimitCause | null {
    if (this.#cause !== null) return this.#cause
    this.#observe()
    return metLimit(this.#watch, this.limits)
  }

  /** Bytes of memory at the last look. */
  get memory(): number {
    return this.#watch.last.memory
  }

  /** What its directories take now. */
  count(now: { readonly bytes: number; readonly files: number }): void {
    const before = this.#counted ?? now
    this.grown = { bytes: now.bytes - before.bytes, files: now.files - before.files }
    this.#counted = now
    this.taken = now.bytes
    if (now.bytes >= this.ceiling) this.end(diskCause(now.bytes, this.limits))
  }

  /** Looks what it uses, and ends it when that is beyond its limits. */
  look(): void {
    this.#observe()
    const holds = this.#group?.holds
    const cause = overload(this.#watch, this.limits, holds?.memory === true && holds.processes)
    if (cause !== null) this.end(cause)
  }

  #observe(): void {
    if (this.#cause === null && !this.#closed) this.#watch = watchOn(this.#watch, this.#usage())
  }

  /** Suspends it, so that it takes no more, and ends it. Once. */
  end(cause: LimitCause): void {
    if (this.#cause !== null || this.#closed) return
    this.#cause = cause
    void this.#endAll().then(() => this.#ended.resolve(cause))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#observe()
    this.#closed = true
    this.#onClose(this)
    await this.#group?.close()
  }

  async #endAll(): Promise<void> {
    if (this.#group === null) return suspend(treePids(this.run.token))
    await this.#group.kill()
  }

  #usage(): Usage {
    const pids = this.#group?.pids() ?? treePids(this.run.token)
    const seen = usageOf(this.#group?.holds.memory === true ? [] : pids)
    const counted = this.#group?.usage()
    return {
      memory: counted?.memory || seen.memory,
      peakMemory: counted?.peakMemory ?? seen.memory,
      processes: counted?.processes || pids.length,
      memoryKills: counted?.memoryKills ?? 0,
      refusedForks: counted?.refusedForks ?? 0,
      mostFiles: mostFilesOf(pids),
    }
  }
}

interface GuardParts {
  /** Null: nothing but our looking holds the limits of memory and processes. */
  readonly group: Group | null
  /** Bytes that the lane is known to have taken before. */
  readonly atStart: number
  readonly onClose: (guard: LivingGuard) => void
}
