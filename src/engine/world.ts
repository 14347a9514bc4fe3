import type { SandboxMode, Settings } from '../config/settings.ts'
import type { UsageError } from '../config/usage-error.ts'
import type { Repository } from '../host/git/repository.ts'
import type { Group } from '../host/limits/group.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Actor } from '../ledger/transact.ts'
import type { Guard, GuardedRun } from './guard.ts'

/** What everything below a door works with; made once per process and passed by value. */
export interface World {
  readonly ledger: Ledger
  readonly repository: Repository & { readonly root: string }
  readonly settings: Settings
  /** Why they are the defaults, although there is a worklane.yaml; only for what reads. */
  readonly unread?: UsageError
  /** As asked for with --sandbox, WORKLANE_SANDBOX or the settings. */
  readonly sandbox: SandboxMode
  readonly actor: Actor
  /** JSON identity of this process, as written into owner columns. */
  readonly self: string
  readonly isAlive: (identity: string) => boolean
  /** Readies the limits of a program; undefined where no engine runs that would watch them. */
  readonly guard?: (run: GuardedRun) => Promise<Guard>
  /** The control group of git of ours in a lane; undefined where no engine runs, null where none can be made. */
  readonly gitGroup?: (laneId: number) => Promise<Group | null>
  /** Aborted when the user asks to stop, and when they want it now: then running commands are ended. */
  readonly stop: AbortSignal
  readonly hurry: AbortSignal
}
