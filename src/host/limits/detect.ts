import { accessSync, constants, existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { CONTROLLERS, type Controller, type Dialect, type Homes } from './controllers.ts'
import { hasBus, offeredScope, readText, type ScopeOffer } from './scope.ts'
import { v1 } from './v1.ts'
import { v2 } from './v2.ts'

/** Where groups of ours can be made, and what they can limit there. */
export interface Detected {
  readonly dialect: Dialect
  /** Our own group, below which others are made. */
  readonly homes: Homes
}

/** Why the system does not hold the limits, or not all of them. */
export interface Shortfall {
  /** One sentence. */
  readonly why: string
  /** What is not held. */
  readonly missing: readonly Controller[]
  /** Null: not for who runs us to mend. */
  readonly remedy: string | null
}

export interface Detection {
  readonly found: Detected | null
  /** What systemd gives us for the asking, where that is more; null: nothing. */
  readonly scope: ScopeOffer | null
  readonly shortfall: Shortfall | null
}

/** The leaf that processes of ours move to in version 2, where a group with controllers holds no processes itself. */
export const OWN_LEAF = 'worklane-engine'

/** Needed: without them a lane can starve the others. */
const ESSENTIAL: readonly Controller[] = ['pids', 'memory', 'cpu']

/** Looks where the kernel lets us make control groups. Changes nothing. */
export function detectGroups(): Detection {
  if (process.platform !== 'linux')
    return {
      found: null,
      scope: null,
      shortfall: { why: 'This system has no control groups.', missing: ESSENTIAL, remedy: NOT_HERE },
    }
  const [mountinfo, cgroup] = [readText('/proc/self/mountinfo'), readText('/proc/self/cgroup')]
  const mount = mountOfV2(mountinfo)
  const first = ownPathV2(readText('/proc/1/cgroup')) ?? ''
  const sight = { own: ownPathV2(cgroup) ?? '', first, uid: process.getuid?.() ?? 0 }
  return judgeMounts(mountinfo, cgroup, mount && offeredScope({ ...sight, mount: mount.point }))
}

const NOT_HERE = 'Run it on Linux, or take fewer agents at once: agents.parallel'
const HAND_DOWN =
  'sudo systemctl edit user@.service, with [Service] Delegate=pids memory cpu; then log out of all sessions and in again'

/** How this user gets a group to make others in; null: by no means of their own. */
export function howToDelegate(uid = process.getuid?.() ?? 0, root = '/'): string | null {
  if (uid === 0)
    return 'systemd-run --scope -p Delegate=yes worklane up; in a container: mount /sys/fs/cgroup writable'
  return hasBus(uid, root) ? 'systemd-run --user --scope -p Delegate=yes worklane up' : null
}

/** `mountinfo` and `cgroup` as in proc(5). Looks which of the directories may be written. */
export function judgeMounts(mountinfo: string, cgroup: string, offer: ScopeOffer | null = null): Detection {
  const newer = ownHomesV2(mountinfo, cgroup)
  if (newer !== null && lacks(Object.keys(newer)).length === 0)
    return { found: { dialect: v2, homes: newer }, scope: null, shortfall: null }
  const older = ownHomesV1(mountinfo, cgroup)
  const found: Detected | null = Object.keys(older).length > 0 ? { dialect: v1, homes: older } : partOf(newer)
  const missing = lacks(Object.keys(found?.homes ?? {}))
  if (offer === null || lacks(offer.controllers).length >= missing.length)
    return { found, scope: null, shortfall: shortfallOf(missing, howToDelegate()) }
  return { found, scope: offer, shortfall: shortfallOf(lacks(offer.controllers), HAND_DOWN) }
}

function lacks(controllers: readonly string[]): Controller[] {
  return ESSENTIAL.filter((one) => !controllers.includes(one))
}

/** Version 2 with some of the controllers. */
function partOf(homes: Homes | null): Detected | null {
  const useful = homes !== null && ESSENTIAL.some((one) => homes[one] !== undefined)
  return useful ? { dialect: v2, homes } : null
}

function shortfallOf(missing: readonly Controller[], remedy: string | null): Shortfall | null {
  if (missing.length === 0) return null
  const what = missing.map((one) => (one === 'pids' ? 'processes' : one)).join(', ')
  return {
    why: `The system does not let us limit what a lane uses (${what}): no control group can be made for it.`,
    missing,
    remedy,
  }
}

function ownHomesV2(mountinfo: string, cgroup: string): Homes | null {
  const own = ownPathV2(cgroup)
  const mount = mountOfV2(mountinfo)
  if (own === null || mount === null) return null
  const here = directoryIn(mount, own)
  if (here === null) return null
  const home = basename(here) === OWN_LEAF ? dirname(here) : here
  if (!['', 'cgroup.procs', 'cgroup.subtree_control'].every((name) => isWritable(join(home, name))))
    return null
  const offered = readText(join(home, 'cgroup.controllers')).trim().split(' ')
  const homes: Partial<Record<Controller, string>> = { freezer: home }
  for (const one of ESSENTIAL) if (offered.includes(one)) homes[one] = home
  return homes
}

function ownPathV2(cgroup: string): string | null {
  return /^0::(.*)$/m.exec(cgroup)?.[1] ?? null
}

function mountOfV2(mountinfo: string): Mount | null {
  return mountsOf(mountinfo).find(({ type }) => type === 'cgroup2') ?? null
}

function ownHomesV1(mountinfo: string, cgroup: string): Homes {
  const mounts = mountsOf(mountinfo).filter(({ type }) => type === 'cgroup')
  const homes: Partial<Record<Controller, string>> = {}
  for (const controller of CONTROLLERS) {
    const own = cgroup
      .split('\n')
      .map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
      .find((match) => match?.[1]?.split(',').includes(controller))?.[2]
    const mount = mounts.find(({ options }) => options.includes(controller))
    if (own === undefined || mount === undefined) continue
    const here = directoryIn(mount, own)
    if (here !== null && isWritable(here) && isWritable(join(here, 'cgroup.procs'))) homes[controller] = here
  }
  return homes
}

interface Mount {
  /** Which part of the hierarchy is mounted. */
  readonly root: string
  readonly point: string
  readonly type: string
  readonly options: readonly string[]
}

function mountsOf(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , root, point] = before.split(' ')
    const [type, , options] = after.split(' ')
    if (root === undefined || point === undefined || type === undefined) return []
    return [{ root, point, type, options: options?.split(',') ?? [] }]
  })
}

/** A container sees the part of the hierarchy that is mounted, and may or may not be told its path in the whole. */
function directoryIn({ root, point }: Mount, own: string): string | null {
  const inside =
    root === '/' ? own : own === root || own.startsWith(`${root}/`) ? own.slice(root.length) : '/'
  const directory = resolve(join(point, inside))
  return existsSync(directory) ? directory : null
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
