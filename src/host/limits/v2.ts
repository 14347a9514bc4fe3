import { join } from 'node:path'
import type { Dialect, Setting } from './controllers.ts'
import { readCount, readField } from './counters.ts'
import { quota } from './v1.ts'

const ONE_PROGRAM = 100
const MOST_WEIGHT = 10_000

/** One hierarchy for all controllers (kernel.org/doc/html/latest/admin-guide/cgroup-v2.html). */
export const v2: Dialect = {
  version: 2,
  settings({ pids, memory, cpu }, limits) {
    const settings: Setting[] = []
    if (pids !== undefined && limits.processes !== null)
      settings.push({ file: join(pids, 'pids.max'), value: String(limits.processes) })
    if (memory !== undefined && limits.memory !== null) {
      settings.push({ file: join(memory, 'memory.max'), value: String(limits.memory) })
      // Missing without swap. Swapping would only make everybody slow before the limit bites.
      settings.push({ file: join(memory, 'memory.swap.max'), value: '0', optional: true })
    }
    if (cpu === undefined) return settings
    const weight = Math.min(MOST_WEIGHT, Math.max(1, Math.round(limits.weight * ONE_PROGRAM)))
    settings.push({ file: join(cpu, 'cpu.weight'), value: String(weight) })
    if (limits.cpu !== null) settings.push({ file: join(cpu, 'cpu.max'), value: String(quota(limits.cpu)) })
    return settings
  },
  usage({ pids, memory, freezer }) {
    return {
      memory: readCount(memory, 'memory.current'),
      // Since Linux 5.19 and 6.1.
      peakMemory: readCount(memory, 'memory.peak'),
      processes: readCount(pids, 'pids.current'),
      peakProcesses: readCount(pids, 'pids.peak'),
      // Counted without the controller too.
      cpuTime: readField(freezer, 'cpu.stat', 'usage_usec') / 1e3,
      memoryKills: readField(memory, 'memory.events', 'oom_kill'),
      refusedForks: readField(pids, 'pids.events', 'max'),
    }
  },
  // Suspending belongs to every group, without a controller (Linux 5.2), and so does the end of all (5.14).
  freezing({ freezer }, frozen) {
    if (freezer === undefined) return null
    return {
      file: join(freezer, 'cgroup.freeze'),
      value: frozen ? '1' : '0',
      shownBy: { file: join(freezer, 'cgroup.events'), pattern: frozen ? /^frozen 1$/m : /^frozen 0$/m },
    }
  },
  killer: ({ freezer }) => (freezer === undefined ? null : join(freezer, 'cgroup.kill')),
}
