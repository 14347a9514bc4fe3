import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { limitsFor, type Machine, type MachineLimits } from '../board/limits.ts'
import type { Settings } from '../config/settings.ts'
import { roomForProcesses } from '../host/process/room.ts'

/** What lanes may use here when so many work at once. */
export function machineLimits({ limits }: Settings, parallel: number): MachineLimits {
  return limitsFor(thisMachine(), parallel, limits)
}

function thisMachine(): Machine {
  // Of the group that we are in ourselves, as in a container; 0: it has no limit.
  const ours = process.constrainedMemory()
  const memory = totalmem()
  const [pids, threads] = ['pid_max', 'threads-max'].map((name) => kernelNumber(name))
  return {
    memory: ours > 0 ? Math.min(ours, memory) : memory,
    processes: pids === null || threads === null ? null : Math.min(pids ?? 0, threads ?? 0) || null,
    files: roomForProcesses().descriptors,
  }
}

function kernelNumber(name: string): number | null {
  try {
    return Number(readFileSync(`/proc/sys/kernel/${name}`, 'latin1')) || null
  } catch {
    return null
  }
}
