import { inBytes } from '../../board/limits.ts'
import { detectGroups, type Shortfall } from '../../host/limits/detect.ts'
import { type Room, roomForProcesses } from '../../host/process/room.ts'
import { lowDisk } from '../disk.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'

/** Below these an agent and its tools are soon killed, or cannot open their files. */
const LEAST_MEMORY = 256 * 2 ** 20
const FEWEST_DESCRIPTORS = 256
const FEWEST_FILES = 1000

/** One `statfs` for each place: cheap enough for `status`. */
export function diskFindings(world: World): Finding[] {
  const low = lowDisk(world)
  if (low === null) return []
  return [
    {
      code: 'low-disk',
      what: low,
      why: 'Agents fail in strange ways on a full disk.',
      fix: 'Make room on it: worklane archive list, worklane prune',
      fixable: false,
    },
  ]
}

export function machineFindings(): Finding[] {
  return [...judgeRoom(roomForProcesses()), ...judgeLimits(detectGroups().shortfall)]
}

const WATCHED =
  'Runs are watched instead, and ended when they go beyond; until then one can slow the others down.'
const UNSHARED = 'Processors are not shared out among lanes, and limits.cpu does nothing.'
const NOT_MINE =
  'Whoever administers the machine can mend it: loginctl enable-linger for your user, where it has systemd; in a container, /sys/fs/cgroup mounted writable. Till then take fewer agents at once: agents.parallel'

/** What that comes to. */
function insteadOf({ missing }: Shortfall): string {
  const watched = missing.some((one) => one !== 'cpu') ? [WATCHED] : []
  return [...watched, ...(missing.includes('cpu') ? [UNSHARED] : [])].join(' ')
}

/** What is so on this machine, and not for its user to mend. */
export function machineRemarks(shortfall = detectGroups().shortfall): string[] {
  return shortfall?.remedy === null ? [`${shortfall.why} ${insteadOf(shortfall)} ${NOT_MINE}`] : []
}

/** Pure. */
export function judgeLimits(shortfall: Shortfall | null): Finding[] {
  if (shortfall === null || shortfall.remedy === null) return []
  return [
    {
      code: 'limits-not-enforced',
      what: shortfall.why,
      why: insteadOf(shortfall),
      fix: shortfall.remedy,
      fixable: false,
    },
  ]
}

/** Pure. */
export function judgeRoom({ memory, descriptors, filesLeft }: Room): Finding[] {
  const findings: Finding[] = []
  const found = (finding: Omit<Finding, 'fixable'>): number => findings.push({ ...finding, fixable: false })
  if (memory < LEAST_MEMORY)
    found({
      code: 'low-memory',
      what: `${inBytes(memory)} of memory are free.`,
      why: 'The system kills processes when it runs out; an attempt that ends so has failed.',
      fix: 'Run fewer agents at once (agents.parallel in worklane.yaml), or end other programs.',
    })
  if (descriptors !== null && descriptors < FEWEST_DESCRIPTORS)
    found({
      code: 'low-descriptors',
      what: `A process may open ${descriptors} files.`,
      why: 'Git, agents and test suites open more than that.',
      fix: 'ulimit -Hn 4096 as root, or raise nofile in /etc/security/limits.conf',
    })
  if (filesLeft !== null && filesLeft < FEWEST_FILES)
    found({
      code: 'low-descriptors',
      what: `All processes of this machine together may open ${filesLeft} more files.`,
      why: 'Then no program can open one any more.',
      fix: 'sysctl fs.file-max=1000000 as root, or end what holds them: lsof | wc -l',
    })
  return findings
}
