import { closeSync, openSync, writeSync } from 'node:fs'
import { inBytes } from '../../board/limits.ts'
import type { RedactedStream, Redactor } from '../../board/redact.ts'
import { Fault } from '../fault.ts'
import { LastLine } from './last-line.ts'

/** The output of a program, in a file that never grows beyond its limit. */
export interface Capture {
  write(chunk: Buffer): void
  /** Appends the kept end. Never fails: see `failure`. */
  close(): Promise<void>
  /** All bytes that arrived, those left out included. */
  readonly bytes: number
  /** For the live view: the last non-empty line so far, plain text, at most 200 characters. */
  readonly lastLine: string
  /** Why the file is not complete (a full disk, for instance): the system's error code. */
  readonly failure: string | null
}

const TAIL_BYTES = 64 * 1024
/** Part of the tail's room is for the line that says what is missing. */
const NOTICE_BYTES = 64

/**
 * The first bytes go to the file as they arrive, so that others can follow it; of what does not fit, the last 64 KiB (a
 * quarter of a small limit) are kept in memory until `close`. A process that dies before loses them. With `redact` no
 * secret gets into file or last line; what may be the beginning of one waits for what follows, or for the end.
 * @throws Fault when the file cannot be made.
 */
export function openCapture(path: string, limitBytes: number, redact?: Redactor): Capture {
  try {
    return new CappedFile(openSync(path, 'w', 0o600), limitBytes, redact?.stream())
  } catch (cause) {
    throw new Fault(`The output file could not be made: ${(cause as Error).message}`, {
      retry: 'later',
      cause,
    })
  }
}

class CappedFile implements Capture {
  bytes = 0
  failure: string | null = null
  #descriptor: number | null
  #headRoom: number
  #headBytes = 0
  /** Without what was redacted or waits. */
  #passed = 0
  readonly #tail: Tail
  readonly #line = new LastLine()
  readonly #redacted: RedactedStream | undefined

  constructor(descriptor: number, limitBytes: number, redacted: RedactedStream | undefined) {
    const tail = Math.min(TAIL_BYTES, Math.floor(limitBytes / 4))
    this.#descriptor = descriptor
    this.#headRoom = limitBytes - tail
    this.#tail = new Tail(tail)
    this.#redacted = redacted
  }

  get lastLine(): string {
    return this.#line.text
  }

  write(chunk: Buffer): void {
    if (this.#descriptor === null) return
    this.bytes += chunk.length
    // One character per byte: whatever the program writes comes out as it was.
    const passed = this.#redacted?.push(chunk.toString('latin1'))
    this.#pass(passed === undefined ? chunk : Buffer.from(passed, 'latin1'))
  }

  #pass(chunk: Buffer): void {
    this.#passed += chunk.length
    this.#line.see(chunk)
    const head = chunk.subarray(0, this.#headRoom)
    this.#headRoom -= head.length
    this.#headBytes += head.length
    this.#append(head)
    this.#tail.push(chunk.subarray(head.length))
  }

  async close(): Promise<void> {
    if (this.#descriptor === null) return
    if (this.#redacted !== undefined) this.#pass(Buffer.from(this.#redacted.end(), 'latin1'))
    const kept = this.#tail.bytes()
    const complete = this.#headBytes + kept.length === this.#passed
    const end = complete ? kept : wholeCharacters(kept.subarray(NOTICE_BYTES))
    if (!complete) this.#append(Buffer.from(notice(this.#passed - this.#headBytes - end.length)))
    this.#append(end)
    closeSync(this.#descriptor)
    this.#descriptor = null
  }

  /**
   * Written at once instead of through a stream: nothing queues up in memory however fast the program talks, and the
   * page cache takes 64 KiB in some 20 µs (measured).
   */
  #append(bytes: Buffer): void {
    if (this.#descriptor === null || this.failure !== null) return
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at)
    } catch (error) {
      this.failure = (error as NodeJS.ErrnoException).code ?? 'unknown'
    }
  }
}

/** The last bytes of what was pushed, in a fixed amount of memory. */
class Tail {
  readonly #size: number
  #ring: Buffer | null = null
  #pushed = 0

  constructor(size: number) {
    this.#size = size
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0 || this.#size === 0) return
    this.#ring ??= Buffer.alloc(this.#size)
    const last = chunk.subarray(Math.max(0, chunk.length - this.#size))
    const at = (this.#pushed + chunk.length - last.length) % this.#size
    const copied = last.copy(this.#ring, at)
    last.copy(this.#ring, 0, copied)
    this.#pushed += chunk.length
  }

  bytes(): Buffer {
    if (this.#ring === null) return Buffer.alloc(0)
    if (this.#pushed <= this.#size) return this.#ring.subarray(0, this.#pushed)
    const at = this.#pushed % this.#size
    return Buffer.concat([this.#ring.subarray(at), this.#ring.subarray(0, at)])
  }
}

function notice(leftOut: number): string {
  return `\n[worklane: ${inBytes(leftOut)} left out here]\n`
}

/** Without the rest of a UTF-8 character that was cut. */
function wholeCharacters(bytes: Buffer): Buffer {
  let from = 0
  while (from < 3 && ((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1
  return bytes.subarray(from)
}
