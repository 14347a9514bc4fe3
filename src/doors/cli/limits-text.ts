import { inBytes, type LimitsHere } from '../../board/limits.ts'

/** `a lane: 2048 processes, 3.7 GB memory, 8192 files, 10 GB disk; by control groups (v1)` */
export function limitsText({ processes, memory, cpu, files, disk, groups, whole }: LimitsHere): string {
  const share = cpu === null ? [] : [`${cpu} of the processors`]
  const all = [
    `${processes} processes`,
    `${inBytes(memory)} memory`,
    ...share,
    `${files} files`,
    `${inBytes(disk)} disk`,
  ]
  return `a lane: ${all.join(', ')}; ${holder(groups, whole)}`
}

function holder(groups: LimitsHere['groups'], whole: boolean): string {
  if (groups === null) return 'watched, not held by the system; see: worklane doctor'
  return `by control groups (v${groups})${whole ? '' : ' in part; see: worklane doctor'}`
}
