import { execa } from 'execa'
import { bubblewrap } from './bubblewrap.ts'
import { NOT_INSTALLED, type NoWalls, wallsElsewhere } from './no-walls.ts'
import { systemDirectories } from './system.ts'

/** A lane's own uid, where we are root: out of the ranges that systemd and shadow give out (systemd UIDS-GIDS.md). */
const FIRST_UID = 1_900_000_000

/** The real uid of a lane's programs; null: ours, because we are an ordinary user. Lane 0: verify runs. */
export function uidOfLane(laneId: number): number | null {
  return process.getuid?.() === 0 ? FIRST_UID + laneId : null
}

let answer: Promise<NoWalls | null> | undefined

/** Null: walls stand here. Tried once in the life of a process, by making some. */
export async function wallsMissing(): Promise<NoWalls | null> {
  answer ??= look()
  return await answer
}

async function look(): Promise<NoWalls | null> {
  const elsewhere = wallsElsewhere(process.platform)
  if (elsewhere !== null) return elsewhere
  const policy = {
    cwd: '/',
    uid: uidOfLane(0),
    system: systemDirectories(),
    hidden: [],
    homes: [],
    scratch: false,
    readable: [],
    writable: [],
    pinned: [],
    network: false,
    filter: null,
  }
  const [file = '', ...args] = bubblewrap(policy, ['/bin/sh', '-c', 'exit 42'])
  const { exitCode, code, stderr } = await execa(file, args, {
    reject: false,
    stdin: 'ignore',
    timeout: 10_000,
    cwd: '/',
  })
  if (exitCode === 42) return null
  if (code === 'ENOENT') return NOT_INSTALLED
  const said = stderr.trim().split('\n').at(-1) ?? ''
  if (/setpriv/.test(said))
    return { why: 'setpriv is not installed.', remedy: 'Install util-linux, or run with --sandbox none.' }
  return { why: `bubblewrap cannot build walls here: ${said || 'it said nothing'}`, remedy: remedyOf(said) }
}

/** What distributions and containers forbid (bubblewrap README, Ubuntu 24.04 release notes, Docker seccomp profile). */
function remedyOf(said: string): string {
  if (/disable-userns/.test(said)) return 'It needs bubblewrap 0.8 or newer; or run with --sandbox none.'
  if (/uid map|namespace/i.test(said))
    return (
      'Allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0' +
      ' (in a container: --cap-add SYS_ADMIN --security-opt seccomp=unconfined), or run with --sandbox none.'
    )
  return 'See: bwrap --unshare-user --ro-bind / / true; or run with --sandbox none.'
}
