import { resolve } from 'node:path'
import { inBytes } from '../board/limits.ts'
import { type Refusal, refuse } from '../board/refusal.ts'
import { diskFull, Fault } from '../host/fault.ts'
import { freeDisk, isScarce } from '../host/files/free-disk.ts'
import { keepReserve } from '../ledger/reserve.ts'
import type { World } from './world.ts'

/** So few files that a lane could not be made. */
const FEWEST_FILES = 200

/** Of the world what is needed to look at its disks. */
export type Site = Pick<World, 'repository' | 'settings'>

/** The places that lanes need room in: git's objects, the ledger and archives; and the lanes' own directories. */
export function placesOf({ repository, settings }: Site): string[] {
  return [repository.commonDir, resolve(repository.root, settings.lanes.directory)]
}

/** What keeps new work from being begun, in one sentence; null: there is room. Only looks. */
export function lowDisk(world: Site): string | null {
  const floor = world.settings.limits.freeDisk
  if (floor === 0) return null
  for (const place of placesOf(world)) {
    const { bytes, files } = freeDisk(place)
    if (bytes < floor)
      return `${inBytes(bytes)} are free on the disk, and nothing new is begun below ${inBytes(floor)} (limits.freeDisk).`
    if (files !== null && files < FEWEST_FILES)
      return `The disk has room for ${files} more files, and nothing new is begun below ${FEWEST_FILES}.`
  }
  return null
}

const MAKE_ROOM = 'Make room on it: worklane archive list, and worklane prune. Or lower limits.freeDisk.'

/** Asked before something new is begun. Takes the reserve, with which what is begun can be ended on a full disk. */
export function refuseLowDisk(world: World): Refusal | null {
  const low = lowDisk(world)
  if (low !== null) return refuse('low-disk', low, MAKE_ROOM)
  if (keepReserve(world.ledger.path)) return null
  return refuse(
    'low-disk',
    `${inBytes(freeDisk(world.repository.commonDir).bytes)} are free on the disk, too little to begin something.`,
    'Make room on it, then ask again.',
  )
}

/** Whether what failed just now most likely failed for want of room. */
export function diskIsFull(world: Site): boolean {
  return placesOf(world).some((place) => isScarce(freeDisk(place)))
}

/** Whether a step failed for want of room and would succeed with it. */
export function wantsRoom(error: Error): boolean {
  return error instanceof Fault && (error.code === 'disk-full' || error.code === 'low-disk')
}

/** Codes of faults that do not tell their cause. */
const BLAMABLE = ['fault', 'ledger']

/** The fault itself, or the one that says that there was no room for what it was about. */
export function blameDisk(world: Site, fault: Fault): Fault {
  if (!BLAMABLE.includes(fault.code) || fault.retry === 'never' || !diskIsFull(world)) return fault
  const least = Math.min(...placesOf(world).map((place) => freeDisk(place).bytes))
  return diskFull(`${inBytes(least)} are free. ${fault.message}`, fault)
}
