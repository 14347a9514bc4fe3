import { readFileSync } from 'node:fs'
import { Fault } from '../fault.ts'
import { psStart, sysctlBoot } from './ps.ts'
import { readGone, readStat } from './stat.ts'

/**
 * One process, never to be confused with a later one of the same number. `start` and `boot` are opaque: compare them,
 * never calculate with them.
 */
export interface ProcessIdentity {
  readonly pid: number
  readonly start: string
  /** Which start of the machine: start times repeat after a reboot. */
  readonly boot: string
}

let own: ProcessIdentity | undefined
let boot: string | undefined

/** The process we are. */
export function ownIdentity(): ProcessIdentity {
  own ??= identityOf(process.pid) ?? undefined
  // Without /proc every worker would look dead.
  if (own === undefined)
    throw new Fault('Our own process is not in the process table.', {
      retry: 'never',
      hint: 'Worklane needs a readable /proc.',
    })
  return own
}

/** Null when there is no such process. A zombie still has an identity, though it is not alive. */
export function identityOf(pid: number): ProcessIdentity | null {
  const seen = look(pid)
  return seen === null ? null : { pid, start: seen.start, boot: bootIdentity() }
}

/** The very process, and it has not ended. False for a zombie. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.boot !== bootIdentity()) return false
  const seen = look(identity.pid)
  return seen !== null && seen.start === identity.start && !seen.ended
}

export function bootIdentity(): string {
  boot ??= process.platform === 'darwin' ? sysctlBoot() : linuxBoot()
  return boot
}

function look(pid: number): { start: string; ended: boolean } | null {
  return process.platform === 'darwin' ? psStart(pid) : readStat(pid)
}

/** Some container runtimes have no boot_id; start times alone must do there. */
function linuxBoot(): string {
  return readGone(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'))?.trim() ?? 'unknown'
}
