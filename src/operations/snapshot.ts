import type { LandingState } from '../board/landing.ts'
import type { TaskState } from '../board/task.ts'

/** How one task stands at a moment, for the live view. */
export interface TaskView {
  readonly id: number
  readonly subject: string
  readonly state: TaskState
  /** Ids of the tasks that it waits for; empty when it is ready or further. */
  readonly waitsFor: readonly number[]
  readonly unreachable: boolean
  readonly branch: string | null
  /** The attempt that runs now, counted from 1; null when none runs. */
  readonly attempt: number | null
  /** Milliseconds since 1970 of the start of that attempt. */
  readonly startedAt: number | null
  /** Command of the agent. */
  readonly agent: string | null
  /** The last line that the agent printed. */
  readonly lastAction: string | null
  readonly changes: { readonly files: number; readonly insertions: number; readonly deletions: number } | null
  readonly landing: LandingState | null
  /** Why it is held, was rejected or conflicted, or failed. */
  readonly reason: string | null
  readonly files: readonly string[]
}

/** All of a run at a moment. */
export interface RunSnapshot {
  readonly startedAt: number
  readonly now: number
  readonly base: string
  readonly verify: string | null
  /** How many agents may work at once. */
  readonly parallel: number
  readonly stopping: boolean
  /** What the agents work in. */
  readonly sandbox: 'walls' | 'none'
  readonly tasks: readonly TaskView[]
}

/** What `run` answers at the end; `ok` is true when every task landed. */
export interface RunSummary {
  readonly landed: readonly number[]
  /** With --no-land: what is done and stands on a branch of its own, and how a pull request is made of it by hand. */
  readonly branches: readonly {
    readonly id: number
    readonly subject: string
    readonly branch: string
    readonly commit: string
    readonly next: string
  }[]
  readonly unfinished: readonly {
    readonly id: number
    readonly subject: string
    readonly state: TaskState
    readonly reason: string | null
    /** What it conflicts in, or what holds it; all of it. */
    readonly files: readonly string[]
    readonly next: string
  }[]
  readonly base: string
  readonly commit: string
  /** The verify command; null: nothing was asked to run. */
  readonly verify: string | null
  readonly verified: boolean
  readonly interrupted: boolean
  /** Milliseconds. */
  readonly took: number
}
