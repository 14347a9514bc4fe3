import { readdirSync } from 'node:fs'
import { type Admission, admit, LANE_NEEDS, type Supplies } from '../../board/limits.ts'
import { freeDisk } from '../../host/files/free-disk.ts'
import { roomForProcesses } from '../../host/process/room.ts'
import { placesOf, type Site } from '../disk.ts'

export interface AtWork {
  /** Attempts that have begun, those whose program has not started yet included. */
  readonly begun: number
  /** Bytes of memory that each started one uses now. */
  readonly memory: readonly number[]
}

/** How many more attempts may start now. What those that have just begun will need is set aside. */
export function admission(site: Site, { begun, memory }: AtWork): Admission {
  const supplies = suppliesOf(site)
  const unborn = Math.max(0, begun - memory.length)
  const toCome = memory.reduce((sum, used) => sum + Math.max(0, LANE_NEEDS.memory - used), 0)
  const free = supplies.memory - toCome - unborn * LANE_NEEDS.memory
  return admit({ ...supplies, memory: Math.max(0, free) }, LANE_NEEDS, begun)
}

/** `1 task waits for memory (1.2 GB free, 500 MB needed per lane)`; null: nothing waits, or only for its turn. */
export function waitsFor(
  site: Site,
  { ready, running }: { readonly ready: number; readonly running: number },
): string | null {
  if (ready === 0) return null
  const { more, scarce } = admit(suppliesOf(site), LANE_NEEDS, running)
  if (more > 0 || scarce === null) return null
  return `${ready} ${ready === 1 ? 'task waits' : 'tasks wait'} for ${scarce}`
}

function suppliesOf(site: Site): Supplies {
  const floor = site.settings.limits.freeDisk
  const disks = placesOf(site).map((place) => freeDisk(place))
  const files = disks.flatMap((disk) => (disk.files === null ? [] : [disk.files]))
  const { memory, descriptors, filesLeft } = roomForProcesses()
  const open = openFiles()
  return {
    disk: floor === 0 ? null : Math.min(...disks.map(({ bytes }) => bytes)) - floor,
    inodes: floor === 0 || files.length === 0 ? null : Math.min(...files),
    // The second heeds a limit on the group that we are in ourselves, as in a container.
    memory: Math.min(memory, process.availableMemory()),
    descriptors:
      descriptors === null || open === null
        ? null
        : Math.min(descriptors - open, filesLeft ?? Number.POSITIVE_INFINITY),
  }
}

/** Null: the system does not say. */
function openFiles(): number | null {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return null
  }
}
