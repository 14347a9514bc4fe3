import { describe, expect, it } from 'vitest'
import { terminalFilter } from '../../src/host/sandbox/terminal-filter.ts'

interface Call {
  readonly architecture: number
  readonly number: number
  readonly request: number
}

const ALLOWED = 0x7fff0000
const REFUSED = 0x00050001

/** Classic BPF, as far as the filter goes (linux/filter.h). */
function judge(filter: Buffer, { architecture, number, request }: Call): number {
  const data = new Map([
    [0, number],
    [4, architecture],
    [24, request],
  ])
  let loaded = 0
  for (let at = 0; at < filter.length; at += 8) {
    const [code, value] = [filter.readUInt16LE(at), filter.readUInt32LE(at + 4)]
    const jump = (yes: boolean): number => filter.readUInt8(at + (yes ? 2 : 3)) * 8
    if (code === 0x20) loaded = data.get(value) ?? Number.NaN
    else if (code === 0x15) at += jump(loaded === value)
    else if (code === 0x35) at += jump(loaded >= value)
    else return value
  }
  throw new Error('no answer')
}

const MACHINES: Record<'x64' | 'arm64', [architecture: number, ioctl: number][]> = {
  x64: [
    [0xc000003e, 16],
    [0x40000003, 54],
  ],
  arm64: [
    [0xc00000b7, 29],
    [0x40000028, 54],
  ],
}
const [TIOCSTI, TIOCLINUX, TCGETS] = [0x5412, 0x541c, 0x5401]

describe.each(['x64', 'arm64'] as const)('on %s', (processor) => {
  const filter = terminalFilter(processor) ?? Buffer.alloc(0)

  it.each(MACHINES[processor])('refuses typing and lets the rest of %i pass', (architecture, ioctl) => {
    const ask = (number: number, request: number): number => judge(filter, { architecture, number, request })
    expect([ask(ioctl, TIOCSTI), ask(ioctl, TIOCLINUX)]).toEqual([REFUSED, REFUSED])
    expect([ask(ioctl, TCGETS), ask(ioctl + 1, TIOCSTI), ask(0, 0)]).toEqual([ALLOWED, ALLOWED, ALLOWED])
  })

  it('refuses calls of other kinds', () => {
    const [[architecture, ioctl] = [0, 0]] = MACHINES[processor]
    expect(judge(filter, { architecture, number: 0x40000000 + 514, request: TIOCSTI })).toBe(REFUSED)
    expect(judge(filter, { architecture: 0xc0000015, number: ioctl, request: TCGETS })).toBe(REFUSED)
  })
})

it('has none for processors that it does not know', () => {
  expect(terminalFilter('riscv64')).toBeNull()
})
