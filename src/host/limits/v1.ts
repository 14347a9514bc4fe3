import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Dialect, Setting } from './controllers.ts'
import { readCount, readField } from './counters.ts'

/** Microseconds over which the share of the processors is counted; the kernel's own default. */
const PERIOD = 100_000
const ONE_PROGRAM = 1024
const MOST_SHARES = 262_144

/** One hierarchy for each controller (kernel.org/doc/html/latest/admin-guide/cgroup-v1). */
export const v1: Dialect = {
  version: 1,
  settings(homes, limits) {
    const settings: Setting[] = []
    const { pids, memory, cpu } = homes
    if (pids !== undefined && limits.processes !== null)
      settings.push({ file: join(pids, 'pids.max'), value: String(limits.processes) })
    if (memory !== undefined && limits.memory !== null) {
      const value = String(limits.memory)
      settings.push({ file: join(memory, 'memory.limit_in_bytes'), value })
      // Memory and swap together; after the other, which may not be above it. Missing without swap accounting.
      settings.push({ file: join(memory, 'memory.memsw.limit_in_bytes'), value, optional: true })
    }
    if (cpu === undefined) return settings
    const shares = Math.min(MOST_SHARES, Math.max(2, Math.round(limits.weight * ONE_PROGRAM)))
    settings.push({ file: join(cpu, 'cpu.shares'), value: String(shares) })
    if (limits.cpu !== null)
      settings.push({ file: join(cpu, 'cpu.cfs_quota_us'), value: String(quota(limits.cpu)) })
    return settings
  },
  usage({ pids, memory, cpuacct }) {
    return {
      memory: readCount(memory, 'memory.usage_in_bytes'),
      peakMemory: readCount(memory, 'memory.max_usage_in_bytes'),
      processes: readCount(pids, 'pids.current'),
      peakProcesses: readCount(pids, 'pids.peak'),
      cpuTime: readCount(cpuacct, 'cpuacct.usage') / 1e6,
      memoryKills: readField(memory, 'memory.oom_control', 'oom_kill'),
      refusedForks: readField(pids, 'pids.events', 'max'),
    }
  },
  freezing({ freezer }, frozen) {
    if (freezer === undefined) return null
    const file = join(freezer, 'freezer.state')
    const value = frozen ? 'FROZEN' : 'THAWED'
    return { file, value, shownBy: { file, pattern: frozen ? /^FROZEN/ : /^THAWED/ } }
  },
  killer: () => null,
}

/** Microseconds of processor time in one period. The kernel refuses less than a millisecond. */
export function quota(share: number): number {
  return Math.max(1_000, Math.round(share * availableParallelism() * PERIOD))
}
