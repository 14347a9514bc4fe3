import { dirname } from 'node:path'

/** Something of the host that is seen inside the walls, where it lies there or at another path. */
export interface Bind {
  readonly from: string
  /** Absolute path inside; the same path when left out. */
  readonly to?: string
  /** Not shown where it is not there; else it is an error. */
  readonly optional?: boolean
}

/** What a program inside the walls can see and do. Paths are absolute. */
export interface WallsPolicy {
  /** Directory that the program starts in, as it is called inside. */
  readonly cwd: string
  /** The uid and gid that it runs as; null: our own, which must not be 0. */
  readonly uid: number | null
  /** Where the machine's programs are: directories shown as they are, and links made again. */
  readonly system: {
    readonly directories: readonly string[]
    readonly links: readonly [to: string, at: string][]
  }
  /** Directories that are shown empty and cannot be written: what is bound below them stays visible. */
  readonly hidden: readonly string[]
  /** Private directories in place of the machine's: HOME and /tmp. */
  readonly homes: readonly Bind[]
  /** /tmp is made for each program, of memory, and goes with it. */
  readonly scratch: boolean
  readonly readable: readonly Bind[]
  readonly writable: readonly Bind[]
  /** Read-only files over everything else. Their parents are mounts themselves, so that nobody can move them away. */
  readonly pinned: readonly Bind[]
  /** True: the network of the machine, with its loopback and its abstract sockets. False: none but an own loopback. */
  readonly network: boolean
  /** The file of a seccomp filter for all that runs inside (call-filter.ts); null: there is none for this processor. */
  readonly filter: string | null
}

const SCRATCH = '/tmp'
/** Bytes of memory that shared memory may take, and a /tmp that is made of it. */
const SCRATCH_BYTES = 1024 * 1024 * 1024

/** bubblewrap takes the filter from a descriptor, and closes it. */
const WITH_FILTER = ['/bin/sh', '-c', 'exec 9<"$0" && exec bwrap --seccomp 9 "$@"']
/** A session of its own has no terminal to type on; it has no job control either. */
const WITHOUT_FILTER = ['bwrap', '--new-session']

/**
 * The command line that runs `argv` inside the walls. The caller gives it the complete environment of the program and
 * nothing else: bubblewrap's own environment can be read inside as /proc/1/environ.
 *
 * As root there is no user namespace: uid 0 in one of its own is uid 0 to /proc/sys still (bubblewrap 0.8). Instead
 * bubblewrap makes the mounts as root and setpriv drops to a real uid that is not 0, without capabilities or a way
 * back to them, before anything of the lane runs.
 */
export function bubblewrap(policy: WallsPolicy, argv: readonly string[]): string[] {
  const { uid, network, hidden } = policy
  const made = new Set(['/', '/run', '/var', '/dev', '/proc'])
  return [
    ...(policy.filter === null ? WITHOUT_FILTER : [...WITH_FILTER, policy.filter]),
    ...(uid === null ? ['--unshare-user', '--disable-userns'] : []),
    ...['--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup-try', '--hostname', 'lane'],
    ...(network ? [] : ['--unshare-net']),
    '--die-with-parent',
    ...policy.system.directories.flatMap((path) => ['--ro-bind', path, path]),
    ...policy.system.links.flatMap(([to, at]) => ['--symlink', to, at]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--perms', '1777', '--size', String(SCRATCH_BYTES), '--tmpfs', '/dev/shm'],
    ...[
      '--perms',
      '0755',
      '--dir',
      '/run',
      '--perms',
      '0755',
      '--dir',
      '/var',
      '--symlink',
      '../tmp',
      '/var/tmp',
    ],
    ...mountsOf(policy).flatMap((mount) => mounted(mount, made)),
    ...[...hidden].reverse().flatMap((path) => ['--remount-ro', path]),
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...(uid === null ? ['--chdir', policy.cwd, '--cap-drop', 'ALL', '--'] : asOther(uid, policy.cwd)),
    ...argv,
  ]
}

export interface Mount {
  readonly how: '--bind' | '--ro-bind' | '--ro-bind-try' | '--tmpfs'
  readonly from: string
  readonly to: string
}

/** Parents before what lies in them, whatever they are for: a mount hides what was mounted below it before. */
export function mountsOf({ homes, scratch, hidden, readable, writable, pinned }: WallsPolicy): Mount[] {
  const bind = (how: Mount['how'], binds: readonly Bind[]): Mount[] =>
    // Where the link at /var/tmp leads.
    binds.map(({ from, to = from }) => ({ how, from, to: to.replace(/^\/var(?=\/tmp\/)/, '') }))
  const all = [
    ...bind('--bind', homes),
    ...bind('--tmpfs', scratch ? [{ from: SCRATCH }] : []),
    ...bind(
      '--tmpfs',
      hidden.map((path) => ({ from: path })),
    ),
    ...bind(
      '--ro-bind-try',
      readable.filter(({ optional }) => optional === true),
    ),
    ...bind(
      '--ro-bind',
      readable.filter(({ optional }) => optional !== true),
    ),
    ...bind('--bind', writable),
    ...bind('--ro-bind', pinned),
  ]
  const depth = ({ to }: Mount): number => to.split('/').length
  return all.sort((a, b) => depth(a) - depth(b))
}

function mounted({ how, from, to }: Mount, made: Set<string>): string[] {
  const above = ancestors(to, made)
  if (how !== '--tmpfs') return [...above, how, from, to]
  const own = to === SCRATCH ? ['--perms', '1777', '--size', String(SCRATCH_BYTES)] : ['--perms', '0755']
  return [...above, ...own, how, to]
}

/** bubblewrap makes missing parents for its own user alone; a lane of another uid has to get through. */
function ancestors(path: string, made: Set<string>): string[] {
  const missing: string[] = []
  for (let above = dirname(path); !made.has(above); above = dirname(above)) {
    missing.unshift(above)
    made.add(above)
  }
  made.add(path)
  return missing.flatMap((directory) => ['--perms', '0755', '--dir', directory])
}

/** Only the lane's user is sure to get into its directories: root without its capabilities is a stranger to them. */
function asOther(uid: number, cwd: string): string[] {
  const kept = ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'].flatMap((name) => ['--cap-add', name])
  const user = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups']
  const drop = ['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--no-new-privs']
  const enter = cwd === '/' ? [] : ['/bin/sh', '-c', 'cd -- "$0" && exec "$@"', cwd]
  return ['--chdir', '/', '--cap-drop', 'ALL', ...kept, '--', 'setpriv', ...user, ...drop, '--', ...enter]
}
