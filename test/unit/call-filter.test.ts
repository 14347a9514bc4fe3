import { describe, expect, it } from 'vitest'
import { callFilter } from '../../src/host/sandbox/call-filter.ts'

interface Call {
  readonly architecture: number
  readonly number: number
  readonly first?: number
  readonly second?: number
}

const ALLOWED = 0x7fff0000
const REFUSED = 0x00050001
/** ENOSYS */
const LACKING = 0x00050026

/** Classic BPF, as far as the filter goes (linux/filter.h). */
function judge(filter: Buffer, { architecture, number, first = 0, second = 0 }: Call): number {
  const data = new Map([
    [0, number],
    [4, architecture],
    [16, first],
    [24, second],
  ])
  let loaded = 0
  for (let at = 0; at < filter.length; at += 8) {
    const [code, value] = [filter.readUInt16LE(at), filter.readUInt32LE(at + 4)]
    const jump = (yes: boolean): number => filter.readUInt8(at + (yes ? 2 : 3)) * 8
    if (code === 0x20) loaded = data.get(value) ?? Number.NaN
    else if (code === 0x15) at += jump(loaded === value)
    else if (code === 0x35) at += jump(loaded >= value)
    else if (code === 0x45) at += jump((loaded & value) !== 0)
    else return value
  }
  throw new Error('no answer')
}

const [TIOCSTI, TIOCLINUX, TCGETS] = [0x5412, 0x541c, 0x5401]
const [AF_UNIX, AF_VSOCK] = [1, 40]
const [IO_URING_SETUP, CLONE3, SOCKETCALL] = [425, 435, 102]
const [CLONE_NEWUSER, CLONE_NEWNS, THREAD] = [0x10000000, 0x20000, 0x3d0f00]

/** Of the kernel's tables. Last ones: clone, unshare; add_key, request_key, keyctl, setns. */
type Machine = [architecture: number, ioctl: number, socket: number, forks: number[], never: number[]]
const MACHINES: Record<'x64' | 'arm64', [Machine, Machine]> = {
  x64: [
    [0xc000003e, 16, 41, [56, 272], [248, 249, 250, 308]],
    [0x40000003, 54, 359, [120, 310], [286, 287, 288, 346]],
  ],
  arm64: [
    [0xc00000b7, 29, 198, [220, 97], [217, 218, 219, 268]],
    [0x40000028, 54, 281, [120, 337], [309, 310, 311, 375]],
  ],
}

describe.each(['x64', 'arm64'] as const)('on %s', (processor) => {
  const [online, offline] = [true, false].map(
    (network) => callFilter(network, processor) ?? Buffer.alloc(0),
  ) as [Buffer, Buffer]

  it.each(MACHINES[processor])(
    'refuses typing, keys, user namespaces and ways to the host on %i',
    (architecture, ioctl, socket, forks, never) => {
      for (const filter of [online, offline]) {
        const ask = (number: number, first = 0, second = 0): number =>
          judge(filter, { architecture, number, first, second })
        expect([ask(ioctl, 0, TIOCSTI), ask(ioctl, 0, TIOCLINUX), ...never.map((call) => ask(call))]).toEqual(
          Array.from({ length: 6 }, () => REFUSED),
        )
        for (const fork of forks) {
          expect([ask(fork, CLONE_NEWUSER | CLONE_NEWNS), ask(fork, CLONE_NEWUSER)]).toEqual([
            REFUSED,
            REFUSED,
          ])
          expect([ask(fork, THREAD), ask(fork, CLONE_NEWNS, CLONE_NEWUSER)]).toEqual([ALLOWED, ALLOWED])
        }
        const passes = [
          ask(ioctl, 0, TCGETS),
          ask(ioctl + 1, 0, TIOCSTI),
          ask(0),
          ask(socket, AF_UNIX, TIOCSTI),
        ]
        expect(passes).toEqual(passes.map(() => ALLOWED))
        expect(ask(socket, AF_VSOCK)).toBe(filter === online ? ALLOWED : REFUSED)
        expect([ask(IO_URING_SETUP, 4), ask(IO_URING_SETUP + 1)]).toEqual([LACKING, ALLOWED])
        expect([ask(CLONE3), ask(CLONE3 + 1)]).toEqual([LACKING, ALLOWED])
      }
    },
  )

  it.runIf(processor === 'x64')('makes no socket whose kind it cannot see', () => {
    const [native, i386] = MACHINES.x64.map(([architecture]) => architecture) as [number, number]
    const ask = (filter: Buffer, architecture: number, first: number): number =>
      judge(filter, { architecture, number: SOCKETCALL, first })
    expect([ask(offline, i386, 1), ask(offline, i386, 3), ask(online, i386, 1)]).toEqual([
      REFUSED,
      ALLOWED,
      ALLOWED,
    ])
    expect(ask(offline, native, 1)).toBe(ALLOWED)
  })

  it('refuses calls of other kinds', () => {
    const [[architecture, ioctl]] = MACHINES[processor]
    for (const filter of [online, offline]) {
      expect(judge(filter, { architecture: 0xc0000015, number: ioctl, second: TCGETS })).toBe(REFUSED)
      if (processor === 'x64') expect(judge(filter, { architecture, number: 0x40000000 + 514 })).toBe(REFUSED)
    }
  })
})

it('has none for processors that it does not know', () => {
  expect(callFilter(true, 'riscv64')).toBeNull()
})
