import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Bits of a BPF instruction (linux/bpf_common.h, linux/seccomp.h), as far as we use them. */
const LOAD_WORD = 0x20
const IF_EQUAL = 0x15
const IF_AT_LEAST = 0x35
const RETURN = 0x06
const ALLOW = 0x7fff0000
const NOT_PERMITTED = 0x00050001
/** Where struct seccomp_data has the number of the call, the architecture, and the low half of the second argument. */
const NUMBER = 0
const ARCHITECTURE = 4
const REQUEST = 24

/** linux/audit.h, and the number of ioctl there. */
const IOCTL: Readonly<Record<string, readonly (readonly [architecture: number, ioctl: number])[]>> = {
  x64: [
    [0xc000003e, 16],
    [0x40000003, 54],
  ],
  arm64: [
    [0xc00000b7, 29],
    [0x40000028, 54],
  ],
}
/** On x86-64 numbers from here on are calls of the x32 kind, which nothing needs. */
const X32 = 0x40000000
/** Typing on behalf of the person, and the same through the clipboard of a console (ioctl_tty(2), ioctl_console(2)). */
const TIOCSTI = 0x5412
const TIOCLINUX = 0x541c

type Step = readonly [code: number, value: number, yes?: number, no?: number]

/**
 * A seccomp filter: what runs inside walls on a person's own terminal may not type there. What it typed would be read
 * by the shell outside when the walls are gone (CVE-2017-5226). Null: not known for this processor.
 */
export function terminalFilter(processor: string = process.arch): Buffer | null {
  const known = IOCTL[processor]
  if (known === undefined) return null
  const blocks = known.flatMap(([architecture, ioctl], at) => block(architecture, ioctl, at === 0))
  return encode([[LOAD_WORD, ARCHITECTURE], ...blocks, [RETURN, NOT_PERMITTED]])
}

/** For one architecture; whatever is of another goes on behind it. */
function block(architecture: number, ioctl: number, native: boolean): Step[] {
  const judge: Step[] = [
    ...(native ? ([[IF_AT_LEAST, X32, 4, 0]] as const) : []),
    [IF_EQUAL, ioctl, 0, 4],
    [LOAD_WORD, REQUEST],
    [IF_EQUAL, TIOCSTI, 1, 0],
    [IF_EQUAL, TIOCLINUX, 0, 1],
    [RETURN, NOT_PERMITTED],
    [RETURN, ALLOW],
  ]
  return [[IF_EQUAL, architecture, 0, judge.length + 1], [LOAD_WORD, NUMBER], ...judge]
}

function encode(steps: readonly Step[]): Buffer {
  const bytes = Buffer.alloc(steps.length * 8)
  for (const [at, [code, value, yes = 0, no = 0]] of steps.entries()) {
    bytes.writeUInt16LE(code, at * 8)
    bytes.writeUInt8(yes, at * 8 + 2)
    bytes.writeUInt8(no, at * 8 + 3)
    bytes.writeUInt32LE(value, at * 8 + 4)
  }
  return bytes
}

export interface Filtered {
  /** The command line of walls with the filter. */
  wrap(argv: readonly string[]): readonly string[]
  /** To start it with, from number 3. */
  readonly descriptors: readonly number[]
  close(): void
}

/** `room` is ours. */
export function withTerminalFilter(room: string): Filtered {
  const filter = terminalFilter()
  const after =
    (words: readonly string[]) =>
    ([bwrap = '', ...rest]: readonly string[]) => [bwrap, ...words, ...rest]
  // A session of its own has no terminal to type on; it has no job control either.
  if (filter === null) return { wrap: after(['--new-session']), descriptors: [], close: () => undefined }
  const file = join(room, 'terminal-filter')
  writeFileSync(file, filter, { mode: 0o600 })
  const descriptor = openSync(file, 'r')
  return { wrap: after(['--seccomp', '3']), descriptors: [descriptor], close: () => closeSync(descriptor) }
}
