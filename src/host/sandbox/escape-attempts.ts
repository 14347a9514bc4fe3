import { existsSync } from 'node:fs'
import { shellWord } from '../process/shell-word.ts'

/** What an attempt aims at, as it is called outside. Paths are absolute. */
export interface EscapeTargets {
  /** The main checkout, the git directory that all share, the real HOME, and the ledger. */
  readonly root: string
  readonly commonDir: string
  readonly home: string
  readonly ledger: string
  /** Directories and rooms of other lanes, what runs and archives are kept in: those that exist. */
  readonly otherLanes: readonly string[]
  readonly kept: readonly string[]
  /** A process of ours: its number, and the 22nd field of its /proc/<pid>/stat, since numbers repeat inside. */
  readonly process: { readonly pid: number; readonly started: string }
  /** A socket of ours that somebody listens at. */
  readonly socket: string
}

/** What only the whole set needs. */
export interface WholeTargets extends EscapeTargets {
  /** Node as it is called inside. */
  readonly node: string
  readonly abstractSocket: string
  readonly port: number
  /** A process that nobody needs, and whether it has been ended. */
  readonly victim: { readonly pid: number; readonly isGone: () => boolean }
  /** Whether a SIGCONT has reached the process above. */
  readonly wasSignalled: () => boolean
  /** A word in our own environment. */
  readonly secret: string
  /** Number of a segment of shared memory outside; null: none could be made. */
  readonly sharedMemory: string | null
  /** The lane itself. */
  readonly lane: string
}

/** How an attempt is made; all of it harmless where it gets through. */
export type Trial =
  /** A new file in a directory, or a directory; judged by what is there outside. */
  | { readonly kind: 'write'; readonly into: string; readonly as?: 'directory' }
  /** Opened and closed: nothing is read or written. */
  | { readonly kind: 'open'; readonly path: string; readonly to: 'read' | 'write' }
  /** POSIX shell that ends with 0 when it got through. `seen`: what tells outside, in place of that. */
  | { readonly kind: 'run'; readonly script: string; readonly seen?: () => boolean }

export interface Attempt<Targets> {
  /** Completes "an agent could …". */
  readonly name: string
  /** It goes through the network, and is open where the network is. */
  readonly network?: true
  /** Null: there is nothing of the kind on this machine. */
  readonly trial: (targets: Targets) => Trial | null
}

type Quick = Attempt<EscapeTargets>
type Whole = Attempt<WholeTargets>

const write = (into: string | undefined): Trial | null =>
  into === undefined ? null : { kind: 'write', into }
const open = (path: string, to: 'read' | 'write'): Trial => ({ kind: 'open', path, to })
const run = (script: string, seen?: () => boolean): Trial => ({
  kind: 'run',
  script,
  ...(seen === undefined ? {} : { seen }),
})

/** True inside where the process with our number is really ours. */
const seesProcess = ({ process }: EscapeTargets): string =>
  `read -r stat < /proc/${process.pid}/stat && case $stat in *' ${process.started} '*) true ;; *) false ;; esac`

/** For every lane when it is made: builtins of the shell and one program, a few milliseconds. */
export const QUICK_ATTEMPTS: readonly Quick[] = [
  { name: 'write in the main checkout', trial: ({ root }) => write(root) },
  { name: 'read the main checkout', trial: ({ commonDir }) => open(`${commonDir}/config`, 'read') },
  { name: 'change the settings of git', trial: ({ commonDir }) => open(`${commonDir}/config`, 'write') },
  { name: 'write refs', trial: ({ commonDir }) => write(`${commonDir}/refs`) },
  { name: 'write objects', trial: ({ commonDir }) => write(`${commonDir}/objects`) },
  { name: 'write in HOME', trial: ({ home }) => write(home) },
  { name: 'read the ledger', trial: ({ ledger }) => open(ledger, 'read') },
  { name: 'see processes outside', trial: (targets) => run(seesProcess(targets)) },
  { name: 'be root', trial: () => run('[ "$(id -u)" = 0 ]') },
  { name: 'find a socket of ours', trial: ({ socket }) => run(`[ -S ${shellWord(socket)} ]`) },
  { name: 'write in another lane', trial: ({ otherLanes }) => write(otherLanes[0]) },
]

/** Ends with 0 once whoever listens has sent a byte. */
const reach = (node: string, target: string): string =>
  `${shellWord(node)} -e ${shellWord(
    `require("net").connect(${target}).on("error", () => process.exit(1)).on("data", () => process.exit(0)); setTimeout(() => process.exit(1), 2000)`,
  )}`
const there = (...paths: readonly (string | undefined)[]): string | undefined =>
  paths.find((path) => path !== undefined && path !== '' && existsSync(path))
/** A socket of the machine's, where it has one. */
const socketAt = (...paths: readonly (string | undefined)[]): Trial | null => {
  const path = there(...paths)
  return path === undefined ? null : run(`[ -S ${shellWord(path)} ]`)
}
const openFirst = (paths: readonly string[], to: 'read' | 'write'): Trial | null => {
  const path = there(...paths)
  return path === undefined ? null : open(path, to)
}
const { env } = process

const FILES: readonly Whole[] = [
  { name: 'write hooks', trial: ({ commonDir }) => write(`${commonDir}/hooks`) },
  { name: 'change the ledger', trial: ({ ledger }) => open(ledger, 'write') },
  { name: 'look into other lanes', trial: ({ otherLanes: [lane] }) => enter(lane) },
  { name: 'look into what runs printed, or archives', trial: ({ kept: [place] }) => enter(place) },
  { name: 'write in /tmp', trial: () => write('/tmp') },
  { name: 'write in /var/tmp', trial: () => write(there('/var/tmp')) },
  { name: 'write in /dev/shm', trial: () => write(there('/dev/shm')) },
  { name: 'write in /etc', trial: () => write('/etc') },
  { name: 'write programs', trial: () => write(there('/usr/local/bin', '/usr/bin')) },
  { name: 'read /etc/shadow', trial: () => openFirst(['/etc/shadow'], 'read') },
  {
    name: 'lead its .git elsewhere',
    trial: ({ lane }) => run(`mv ${shellWord(`${lane}/.git`)} ${shellWord(`${lane}/.git.moved`)}`),
  },
]

function enter(place: string | undefined): Trial | null {
  return place === undefined ? null : run(`cd ${shellWord(place)}`)
}

const KERNEL: readonly Whole[] = [
  { name: 'set core_pattern', trial: () => open('/proc/sys/kernel/core_pattern', 'write') },
  { name: 'set modprobe', trial: () => openFirst(['/proc/sys/kernel/modprobe'], 'write') },
  { name: 'set vm settings', trial: () => open('/proc/sys/vm/drop_caches', 'write') },
  { name: 'use sysrq', trial: () => openFirst(['/proc/sysrq-trigger'], 'write') },
  {
    name: 'change /sys',
    trial: () =>
      openFirst(['/sys/kernel/uevent_helper', '/sys/kernel/mm/transparent_hugepage/enabled'], 'write'),
  },
  {
    name: 'make control groups',
    trial: () => {
      const into = there('/sys/fs/cgroup/pids', '/sys/fs/cgroup/cgroup.procs')
      if (into === undefined) return null
      return { kind: 'write', into: into.replace('/cgroup.procs', ''), as: 'directory' }
    },
  },
  { name: 'read the kernel’s log', trial: () => openFirst(['/dev/kmsg'], 'read') },
  {
    name: 'read a disk',
    trial: () => openFirst(['/dev/vda', '/dev/sda', '/dev/nvme0n1', '/dev/xvda', '/dev/loop0'], 'read'),
  },
  { name: 'make a device', trial: () => run('mknod /tmp/device b 7 0') },
  { name: 'mount', trial: () => run('mkdir -p /tmp/at && mount -t tmpfs none /tmp/at') },
  {
    name: 'take its walls away in namespaces of its own',
    trial: ({ root }) => {
      const script = `umount -l "$0" && test -e "$0/.git" || true >> /proc/sys/kernel/core_pattern`
      return run(`unshare -Urm sh -c ${shellWord(script)} ${shellWord(root)}`)
    },
  },
  { name: 'be root in a user namespace of its own', trial: () => run('unshare -Ur true') },
  { name: 'use the keys of the session', trial: () => sessionKeyring() },
  { name: 'become root', trial: () => run('setpriv --reuid 0 true || { command -v sudo && sudo -n true; }') },
]

/** keyctl(2): the number of KEYCTL_GET_KEYRING_ID for KEY_SPEC_SESSION_KEYRING, which every process has one of. */
function sessionKeyring(): Trial | null {
  const call = { x64: 250, arm64: 219 }[process.arch as string]
  if (call === undefined || there('/usr/bin/perl') === undefined) return null
  return run(`perl -e 'exit(syscall(${call}, 0, -3, 0) < 0)'`)
}

const PROCESSES: readonly Whole[] = [
  {
    name: 'read the memory of processes outside',
    trial: (targets) => run(`${seesProcess(targets)} && true < /proc/${targets.process.pid}/mem`),
  },
  { name: 'end processes outside', trial: ({ victim }) => run(`kill -KILL ${victim.pid}`, victim.isGone) },
  {
    name: 'send signals to Worklane',
    trial: ({ process, wasSignalled }) => run(`kill -CONT ${process.pid}`, wasSignalled),
  },
  {
    name: 'read our environment',
    trial: ({ secret }) => run(`grep -q ${shellWord(secret)} /proc/1/environ /proc/self/environ`),
  },
  {
    name: 'use shared memory of others',
    trial: ({ sharedMemory }) =>
      sharedMemory === null ? null : run(`ipcs -m -i ${sharedMemory} | grep -q mode`),
  },
]

const SOCKETS: readonly Whole[] = [
  {
    name: 'reach a socket of ours',
    trial: ({ node, socket }) => run(reach(node, JSON.stringify(socket))),
  },
  {
    name: 'reach an abstract socket',
    network: true,
    trial: ({ node, abstractSocket }) => run(reach(node, `"\\0"+${JSON.stringify(abstractSocket)}`)),
  },
  {
    name: 'reach what listens on this machine',
    network: true,
    trial: ({ node, port }) => run(reach(node, `${port}, "127.0.0.1"`)),
  },
  { name: 'reach the ssh agent', trial: () => socketAt(env.SSH_AUTH_SOCK) },
  {
    name: 'reach Docker',
    trial: () =>
      socketAt('/var/run/docker.sock', '/run/podman/podman.sock', '/run/containerd/containerd.sock'),
  },
  {
    name: 'reach the session bus',
    trial: () => socketAt(`${env.XDG_RUNTIME_DIR ?? '/run/user/none'}/bus`, '/run/dbus/system_bus_socket'),
  },
]

/** For `worklane sandbox test`. */
export const ALL_ATTEMPTS: readonly Whole[] = [
  ...QUICK_ATTEMPTS,
  ...FILES,
  ...KERNEL,
  ...PROCESSES,
  ...SOCKETS,
]
