import { readFileSync } from 'node:fs'
import { Fault } from '../fault.ts'

/** What Linux says about one process (proc(5), /proc/<pid>/stat). */
export interface ProcessStat {
  readonly pid: number
  readonly parent: number
  readonly session: number
  /** Clock ticks from the machine's boot to the start of the process. */
  readonly start: string
  /** A zombie has ended; only its exit code is still there. */
  readonly ended: boolean
  /** A thread of the kernel: no program, no environment. */
  readonly kernel: boolean
}

/** PF_KTHREAD of the field `flags` (linux/sched.h). */
const KERNEL_THREAD = 0x00200000

/** Null when there is no such process. Linux only. */
export function readStat(pid: number): ProcessStat | null {
  const text = readGone(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  return text === null ? null : parseStat(text)
}

export function parseStat(text: string): ProcessStat {
  // The second field, the program's name in parentheses, may itself hold spaces, parentheses and newlines.
  const end = text.lastIndexOf(')')
  const fields = text.slice(end + 2).split(' ')
  const field = (number: number): string => fields[number - 3] ?? ''
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(field(4)),
    session: Number(field(6)),
    start: field(22),
    // A main thread that ended before its other threads shows as a zombie too, but the process lives on.
    ended: /^[ZXx]$/.test(field(3)) && Number(field(20)) <= 1,
    kernel: (Number(field(9)) & KERNEL_THREAD) !== 0,
  }
}

/**
 * Null when the process is gone. Every other error is a fault, never "gone": out of descriptors must not make a
 * living worker look dead.
 */
export function readGone<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return null
    throw new Fault(`The process table could not be read (${code}).`, {
      retry: 'later',
      hint: 'Worklane needs a readable /proc.',
      cause: error,
    })
  }
}
