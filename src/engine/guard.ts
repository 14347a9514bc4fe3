import type { LimitCause } from '../board/overload.ts'

/** A program that gets limits. */
export interface GuardedRun {
  readonly laneId: number
  /** Marks its processes (`WORKLANE_RUN`). */
  readonly token: string
  /** What counts as the lane's disk: its worktree, its private directories. */
  readonly directories: readonly string[]
  /** It runs as a user that no other lane has, so that limits of a user are limits of the lane. Default: no. */
  readonly ownUser?: boolean
}

/** The limits of one run, from before its start until its whole tree is gone. */
export interface Guard {
  /** The argv that takes the limits upon itself before it becomes `argv`. Outermost: walls come inside. */
  enter(argv: readonly string[]): string[]
  /** The limit that the run met, if any; complete once its tree is gone. */
  cause(): LimitCause | null
  /** Resolves when we ended the run for its cause: what lives of it is suspended or dead. Never rejects. */
  readonly stopped: Promise<LimitCause>
  /** To be called when its tree is gone: removes the group. */
  close(): Promise<void>
}
