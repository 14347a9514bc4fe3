/** Bits of a BPF instruction (linux/bpf_common.h, linux/seccomp.h), as far as we use them. */
const LOAD_WORD = 0x20
const IF_EQUAL = 0x15
const IF_AT_LEAST = 0x35
const IF_ANY_BIT = 0x45
const RETURN = 0x06
const ALLOW = 0x7fff0000
const NOT_PERMITTED = 0x00050001
const NOT_THERE = 0x00050026
/** Where struct seccomp_data has the number of the call, the architecture, and the low halves of its first arguments. */
const NUMBER = 0
const ARCHITECTURE = 4
const FIRST = 16
const SECOND = 24

/** Numbers of calls (the kernel's syscall tables), by the architecture's name in linux/audit.h. */
interface Calls {
  readonly architecture: number
  readonly ioctl: number
  readonly socket: number
  /** Of i386 alone: all calls of sockets in one, whose own arguments lie in memory, where no filter reads them. */
  readonly socketcall?: number
  /** Those whose first argument says which namespaces to make: clone, unshare. */
  readonly forks: readonly number[]
  /** Never allowed: add_key, request_key, keyctl, and setns, for which nothing inside has the capability. */
  readonly never: readonly number[]
}

const CALLS: Readonly<Record<string, readonly Calls[]>> = {
  x64: [
    { architecture: 0xc000003e, ioctl: 16, socket: 41, forks: [56, 272], never: [248, 249, 250, 308] },
    {
      architecture: 0x40000003,
      ioctl: 54,
      socket: 359,
      socketcall: 102,
      forks: [120, 310],
      never: [286, 287, 288, 346],
    },
  ],
  arm64: [
    { architecture: 0xc00000b7, ioctl: 29, socket: 198, forks: [220, 97], never: [217, 218, 219, 268] },
    { architecture: 0x40000028, ioctl: 54, socket: 281, forks: [120, 337], never: [309, 310, 311, 375] },
  ],
}
/** On x86-64 numbers from here on are calls of the x32 kind, which nothing needs. */
const X32 = 0x40000000
/** Typing on behalf of the person, and the same through the clipboard of a console (ioctl_tty(2), ioctl_console(2)). */
const TIOCSTI = 0x5412
const TIOCLINUX = 0x541c
/** The same number for all processors. Its rings make calls, socket(2) among them, that no filter sees (io_uring(7)). */
const IO_URING_SETUP = 425
/** The same for all too. Its flags lie in memory, where no filter reads them; clone(2) does for whoever lacks it. */
const CLONE3 = 435
const CLONE_NEWUSER = 0x10000000
/** What socketcall(2) does when it makes a socket. */
const SYS_SOCKET = 1
/** Sockets between a virtual machine and its host, which know no network namespaces (vsock(7)). */
const AF_VSOCK = 40

type Goal = number | 'allow' | 'lack' | 'refuse'
/** A test goes to one of its goals; without goals, on to the next step. */
type Step = readonly [code: number, value: number, yes?: Goal, no?: Goal]

/**
 * A seccomp filter for everything that runs inside walls. No namespace stands around the keys of the session (keyrings(7)),
 * so nothing inside reads or clears them. In a user namespace of its own a program would have all capabilities, to which
 * much more of the kernel opens; where the walls are built as root, nothing else keeps it from making one. What runs on
 * a person's own terminal may not type there: what it typed would be read by the shell outside when the walls are gone
 * (CVE-2017-5226). Without the machine's network, no socket leads to the host of a virtual machine; 32-bit programs of
 * x86, whose glibc makes every socket by socketcall(2), have none at all then. Rings and clone3(2) look as to an old
 * kernel, so that programs fall back. Null: not known for this processor.
 */
export function callFilter(network: boolean, processor: string = process.arch): Buffer | null {
  const known = CALLS[processor]
  if (known === undefined) return null
  const blocks = known.flatMap((calls, at) => block(calls, network, at === 0))
  return encode([[LOAD_WORD, ARCHITECTURE], ...blocks, [RETURN, NOT_PERMITTED]])
}

/** For one architecture; whatever is of another goes on behind it. */
function block(calls: Calls, network: boolean, native: boolean): Step[] {
  const { architecture, ioctl, forks, never } = calls
  const judge: Step[] = [
    [LOAD_WORD, NUMBER],
    ...(native ? ([[IF_AT_LEAST, X32, 'refuse', 0]] as const) : []),
    ...never.map((call): Step => [IF_EQUAL, call, 'refuse', 0]),
    ...[IO_URING_SETUP, CLONE3].map((call): Step => [IF_EQUAL, call, 'lack', 0]),
    ...forks.flatMap((call) => argument(call, FIRST, [CLONE_NEWUSER], IF_ANY_BIT)),
    ...(network ? [] : sockets(calls)),
    ...argument(ioctl, SECOND, [TIOCSTI, TIOCLINUX]),
    [RETURN, ALLOW],
    [RETURN, NOT_THERE],
    [RETURN, NOT_PERMITTED],
  ]
  const goals = { allow: judge.length - 3, lack: judge.length - 2, refuse: judge.length - 1 }
  const reach = (goal: Goal, at: number): number => (typeof goal === 'number' ? goal : goals[goal] - at - 1)
  const steps = judge.map(
    ([code, value, yes = 0, no = 0], at): Step => [code, value, reach(yes, at), reach(no, at)],
  )
  return [[IF_EQUAL, architecture, 0, steps.length], ...steps]
}

function sockets({ socket, socketcall }: Calls): Step[] {
  const many = socketcall === undefined ? [] : argument(socketcall, FIRST, [SYS_SOCKET])
  return [...argument(socket, FIRST, [AF_VSOCK]), ...many]
}

/** A call that is refused for some values of an argument. */
function argument(call: number, place: number, values: readonly number[], test = IF_EQUAL): Step[] {
  const last = values.length - 1
  const tests = values.map((value, at): Step => [test, value, 'refuse', at === last ? 'allow' : 0])
  return [[IF_EQUAL, call, 0, tests.length + 1], [LOAD_WORD, place], ...tests]
}

function encode(steps: readonly Step[]): Buffer {
  const bytes = Buffer.alloc(steps.length * 8)
  for (const [at, [code, value, yes = 0, no = 0]] of steps.entries()) {
    bytes.writeUInt16LE(code, at * 8)
    bytes.writeUInt8(Number(yes), at * 8 + 2)
    bytes.writeUInt8(Number(no), at * 8 + 3)
    bytes.writeUInt32LE(value, at * 8 + 4)
  }
  return bytes
}
