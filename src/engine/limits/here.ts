import type { LimitsHere } from '../../board/limits.ts'
import { detectGroups } from '../../host/limits/detect.ts'
import type { Site } from '../disk.ts'
import { machineLimits } from '../machine-limits.ts'

/** With as many at once as the settings say. Reads a few files of the system and starts nothing. */
export function limitsHere({ settings }: Site): LimitsHere {
  const { lane, total } = machineLimits(settings, settings.agents.parallel)
  const { found, scope, shortfall } = detectGroups()
  const groups = scope === null ? (found?.dialect.version ?? null) : 2
  const { timeLimit, outputLimit } = settings.agents
  return {
    ...lane,
    ...{ totalMemory: total.memory, freeDisk: settings.limits.freeDisk, timeLimit, outputLimit },
    ...{ groups, cpuHeld: shortfall?.missing.includes('cpu') !== true, whole: shortfall === null },
  }
}
