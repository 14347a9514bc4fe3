import { existsSync, lstatSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { NetworkPolicy } from '../board/network.ts'
import type { KeptPlaces } from './sandbox-paths.ts'
import { UsageError } from './usage-error.ts'

/** The settings of one repository, from `worklane.yaml` at the root of its main worktree. Deeply frozen. */
export interface Settings {
  /** The branch that lanes start from and land on; null for the branch of the main worktree. */
  readonly base: string | null
  readonly lanes: {
    /** Where lanes are made: relative to the main worktree, or absolute. */
    readonly directory: string
    /** Name of a lane's branch, with {id} and {slug} in place of the task's. */
    readonly branch: string
    /** Ignored files that each lane gets a copy of; patterns in the style of .gitignore. */
    readonly copy: readonly string[]
    /** Ignored paths that each lane gets a symbolic link to. */
    readonly link: readonly string[]
    /** Command that prepares a new lane. */
    readonly setup: string | null
    readonly ports: { readonly from: number; readonly count: number }
    /** Whether clean lanes in which nobody works are brought up to date when base has moved. */
    readonly refresh: boolean
  }
  readonly agents: {
    /** Command of tasks that name none. */
    readonly command: string | null
    /** How many run at once. */
    readonly parallel: number
    readonly attempts: number
    /** Milliseconds. */
    readonly timeLimit: number | null
    /** Bytes of output kept for one run. */
    readonly outputLimit: number
    /** Names of further variables that every command inherits, secrets too; a name may end in * */
    readonly environment: readonly string[]
  }
  /** Commands that must succeed in the lane at `complete`. */
  readonly checks: readonly string[]
  readonly landing: {
    /** Command run on the exact commit that would become base; null: landings are labelled unverified. */
    readonly verify: string | null
    readonly style: LandingStyle
    readonly review: boolean
    /** Milliseconds of one verify run. */
    readonly timeLimit: number
    /** Prepares the checkout that verify runs in; `lanes.setup` where the file names none. */
    readonly setup: string | null
    /** Paths in the verify checkout that are kept from one run to the next, such as a build's cache. */
    readonly keep: readonly string[]
    /** How many verify runs at once, each in a checkout of its own. */
    readonly slots: number
    /** How many landings are stacked at most; null: what costs the fewest verify runs at the rate at which they fail. */
    readonly batch: number | null
    /** Each commit on base's line of first parents has to be green by itself, not only the one that base moves to. */
    readonly everyCommit: boolean
    /** Name of a remote that base is pushed to once it has moved; null: none. */
    readonly push: string | null
    /** Conflicts of lines that only touch, and of changelogs, are resolved by rules where a verify command then runs. */
    readonly resolve: boolean
    /** Names of files in which what two tasks add at one place is kept, one behind the other; with `*`. */
    readonly changelogs: readonly string[]
  }
  readonly archive: {
    /** Ignored files that the archive of a lane keeps; patterns in the style of .gitignore. */
    readonly ignored: readonly string[]
    /** Milliseconds after which an archive of landed work goes. */
    readonly keepFor: number
    /** Bytes of all archives together, above which the oldest of landed work go. */
    readonly atMost: number
  }
  readonly sandbox: {
    /** `none`: agents can do whatever their user can. Never by itself. */
    readonly mode: SandboxMode
    readonly network: NetworkPolicy
    /** Paths beside the lane that programs in it may read, and write; `~` is HOME. */
    readonly read: readonly string[]
    readonly write: readonly string[]
    /** Files and directories of HOME that each lane gets a copy of in its own; relative to HOME. */
    readonly home: readonly string[]
    /** Bytes of the largest file that a lane may commit. */
    readonly largestFile: number
  }
  readonly limits: {
    /** Bytes; with less free disk nothing new is claimed or started. 0: no floor. */
    readonly freeDisk: number
    /** Processes and threads of one lane; null here and below: derived from the machine. */
    readonly processes: number | null
    /** Bytes of memory of one lane, and of all together. */
    readonly memory: number | null
    readonly totalMemory: number | null
    /** Share of the machine's processors that one lane may use, above 0 up to 1; null: what the others leave. */
    readonly cpu: number | null
    /** Open files of one process. */
    readonly files: number | null
    /** Bytes of one lane's directories. */
    readonly disk: number | null
  }
}

export const LANDING_STYLES = ['merge', 'squash', 'rebase'] as const
export type LandingStyle = (typeof LANDING_STYLES)[number]

export const SANDBOX_MODES = ['walls', 'none'] as const
export type SandboxMode = (typeof SANDBOX_MODES)[number]

export const SETTINGS_FILE = 'worklane.yaml'

const LARGEST_FILE = 2 ** 20

export const DEFAULT_SETTINGS: Settings = deepFreeze({
  base: null,
  lanes: {
    directory: '.worktrees',
    branch: 'task/{id}-{slug}',
    copy: [],
    link: [],
    setup: null,
    ports: { from: 20_000, count: 10 },
    refresh: true,
  },
  agents: {
    command: null,
    parallel: 4,
    attempts: 3,
    timeLimit: null,
    outputLimit: 20_000_000,
    environment: [],
  },
  checks: [],
  landing: {
    verify: null,
    style: 'merge',
    review: false,
    timeLimit: 30 * 60_000,
    setup: null,
    keep: [],
    slots: 1,
    batch: null,
    everyCommit: false,
    push: null,
    resolve: true,
    changelogs: ['CHANGELOG*'],
  },
  archive: { ignored: [], keepFor: 30 * 24 * 60 * 60_000, atMost: 5_000_000_000 },
  sandbox: {
    mode: 'walls',
    network: { mode: 'on' },
    read: [],
    write: [],
    home: [],
    largestFile: 100_000_000,
  },
  limits: {
    freeDisk: 200_000_000,
    processes: null,
    memory: null,
    totalMemory: null,
    cpu: null,
    files: null,
    disk: null,
  },
})

/**
 * Reads `worklane.yaml` in the root of the main worktree. What it leaves out, or leaves empty, has its default; no
 * file gives the defaults. Data only, by design: settings that are code would be code from the repository.
 * @throws UsageError
 */
export async function readSettings(places: KeptPlaces): Promise<Settings> {
  refuseLookalike(places.root)
  const path = join(places.root, SETTINGS_FILE)
  // Many commands run where there is no such file, and must not pay for loading what reads one.
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return DEFAULT_SETTINGS
  const [{ readSource }, { parseSettings }] = await Promise.all([
    import('./source.ts'),
    import('./settings-schema.ts'),
  ])
  refuseLinkInside(path, places.root)
  const text = await readSource(path, LARGEST_FILE)
  if (text === null)
    throw new UsageError(`${SETTINGS_FILE} is a link that leads nowhere.`, {
      hint: 'Mend the link, or remove it: without the file everything has its default.',
    })
  return deepFreeze(parseSettings(SETTINGS_FILE, text, DEFAULT_SETTINGS, places))
}

function refuseLookalike(rootDirectory: string): void {
  const name = 'worklane.yml'
  if (!existsSync(join(rootDirectory, name))) return
  throw new UsageError(`The settings file is called ${SETTINGS_FILE}, not ${name}.`, {
    hint: `Rename ${name} to ${SETTINGS_FILE}.`,
  })
}

/** Work that changes the settings waits for a person; work that changes what a link leads to does not. */
function refuseLinkInside(path: string, root: string): void {
  const real = existsSync(path) ? realpathSync(path) : path
  if (!lstatSync(path).isSymbolicLink() || !`${real}/`.startsWith(`${realpathSync(root)}/`)) return
  throw new UsageError(
    `${SETTINGS_FILE} is a link into the repository, where agents may change what it leads to.`,
    {
      hint: 'Make it a file, or a link to one outside.',
    },
  )
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part)
  return Object.freeze(value)
}
