import { inBytes, type LimitsHere } from '../../board/limits.ts'
import { elapsed } from './live/elapsed.ts'

const NOT_HELD = ' (not held here)'

/**
 * `a lane: 2048 processes, 3.7 GB memory, 8192 files, 10 GB disk; by control groups (v1)`
 * `a run: 2h00m, 20 MB of output; all lanes: 19 GB memory; nothing new below 200 MB of free disk`
 */
export function limitsLines(limits: LimitsHere): [string, string] {
  const { processes, memory, cpu, cpuHeld, files, disk, totalMemory, freeDisk } = limits
  const share = cpu === null ? [] : [`${cpu} of the processors${cpuHeld ? '' : NOT_HELD}`]
  const lane = [
    `${processes} processes`,
    `${inBytes(memory)} memory`,
    ...share,
    `${files} files`,
    `${inBytes(disk)} disk`,
  ]
  const time = limits.timeLimit === null ? 'no time limit' : elapsed(limits.timeLimit)
  const floor =
    freeDisk === 0 ? 'no floor of free disk' : `nothing new below ${inBytes(freeDisk)} of free disk`
  return [
    `a lane: ${lane.join(', ')}; ${holder(limits)}`,
    `a run: ${time}, ${inBytes(limits.outputLimit)} of output; all lanes: ${inBytes(totalMemory)} memory${limits.groups === null ? NOT_HELD : ''}; ${floor}`,
  ]
}

function holder({ groups, whole }: LimitsHere): string {
  if (groups === null) return 'watched, not held by the system'
  return `by control groups (v${groups})${whole ? '' : ' in part'}`
}
