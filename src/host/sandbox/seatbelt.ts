import { parseDomain } from '../../board/network.ts'
import { shellWord } from '../process/shell-word.ts'
import type { Bind, WallsPolicy } from './bubblewrap.ts'

/**
 * Settings of `srt`, the command of @anthropic-ai/sandbox-runtime (its README, "Configuration Options"): reading is
 * allowed but for what is denied, and allowed again more narrowly; writing is denied but for what is allowed.
 */
export interface SrtSettings {
  readonly network: {
    readonly allowedDomains: readonly string[]
    readonly deniedDomains: readonly string[]
    readonly allowLocalBinding: boolean
  }
  readonly filesystem: {
    readonly denyRead: readonly string[]
    readonly allowRead: readonly string[]
    readonly allowWrite: readonly string[]
    readonly denyWrite: readonly string[]
  }
}

export interface SeatbeltPolicy
  extends Pick<WallsPolicy, 'cwd' | 'hidden' | 'homes' | 'readable' | 'writable' | 'pinned'> {
  /** The real HOME, which is hidden; the private one stands in `homes`. */
  readonly home: string
  /** As `parseDomain` takes them; none: no network. All of the network cannot be had: srt has no word for it. */
  readonly domains: readonly string[]
}

/** Where a Mac keeps what is no program's business: HOMEs, other disks, scratch of other programs. */
const PRIVATE = ['/Users', '/Volumes', '/private/tmp', '/private/var/folders']

/**
 * The walls of `policy` as macOS can build them, by its Seatbelt. Written after the documentation of srt, not yet run on
 * a Mac, and reached by nothing until it has been.
 *
 * What differs from bubblewrap: nothing can be shown at another path, so HOME and TMPDIR of the program name the
 * private directories, GIT_DIR names the lane's own git, and binds with another path inside are left where they lie.
 * There are no namespaces: what else runs on the machine is out of reach only as far as Seatbelt's profile denies it.
 */
export function seatbelt(policy: SeatbeltPolicy): SrtSettings {
  const { home, hidden, homes, readable, writable, pinned, domains } = policy
  const places = (binds: readonly Bind[]): string[] => binds.map(({ from }) => from)
  const written = [...places(homes), ...places(writable)]
  return {
    network: { allowedDomains: domains.flatMap(withPorts), deniedDomains: [], allowLocalBinding: true },
    filesystem: {
      denyRead: unique([...PRIVATE, home, ...hidden]),
      allowRead: unique([...places(readable), ...written, ...places(pinned)]),
      allowWrite: unique(written),
      // Denying goes before allowing where it is about writing.
      denyWrite: unique(pinned.map(({ from, to = from }) => to)),
    },
  }
}

/**
 * The command line that runs `argv` within settings that lie at `file`. To be started in an empty directory: srt takes
 * the one that it stands in for a project of its own.
 */
export function srt(file: string, { cwd }: SeatbeltPolicy, argv: readonly string[]): string[] {
  // The text goes to `sh -c` as it is.
  return ['srt', '--settings', file, '-c', `cd ${shellWord(cwd)} && exec ${argv.map(shellWord).join(' ')}`]
}

/** What an environment has to say there. `gitDirectory`: the lane's own git; null: none. */
export function seatbeltEnvironment(
  { cwd, home, homes }: SeatbeltPolicy,
  gitDirectory: string | null,
): Record<string, string> {
  const at = (to: string): string | undefined => homes.find((bind) => (bind.to ?? bind.from) === to)?.from
  const [privateHome, scratch] = [at(home), at('/tmp')]
  return {
    ...(privateHome === undefined ? {} : { HOME: privateHome }),
    ...(scratch === undefined ? {} : { TMPDIR: scratch }),
    ...(gitDirectory === null ? {} : { GIT_DIR: gitDirectory, GIT_WORK_TREE: cwd }),
  }
}

/** To srt a host without a port stands for every port of it, to us for those of http and https. */
function withPorts(text: string): string[] {
  const domain = parseDomain(text)
  if (typeof domain === 'string') return []
  return domain.ports.map((port) => `${domain.below ? '*.' : ''}${domain.host}:${port}`)
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)]
}
