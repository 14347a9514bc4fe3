import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { bootIdentity, isAlive, ownIdentity } from '../process/identity.ts'
import { type Dialect, directoriesOf, type GroupLimits, type Homes } from './controllers.ts'
import { readPids } from './counters.ts'
import { type Detected, OWN_LEAF } from './detect.ts'
import { Group, homesBelow, makeGroup, removeGroup } from './group.ts'
import { ownerOfScope } from './scope.ts'

/** The group of one process of ours in one repository, with the groups of its lanes below it. */
export interface GroupTree {
  /**
   * A group for one run. `name`: letters, digits and hyphens, its own among those that live.
   * @throws Fault
   */
  open(name: string, limits: GroupLimits): Promise<Group>
  /** Removes it, with all that is left in it. */
  close(): Promise<void>
}

/**
 * Makes the group of this process for a repository, and sweeps what dead processes of ours left. `key` tells
 * repositories apart: the path of its git directory.
 * @throws Fault when the kernel does not let us after all.
 */
export async function openTree(
  { dialect, homes }: Detected,
  key: string,
  total: GroupLimits,
): Promise<GroupTree> {
  if (dialect.version === 2) await handDown(homes)
  await sweep(dialect, homes)
  const tree = await makeGroup(dialect, homes, treeName(key), total)
  if (dialect.version === 2) await enable(tree)
  return {
    open: async (name, limits) => new Group(dialect, await makeGroup(dialect, tree, name, limits)),
    close: async () => await removeTree(dialect, tree),
  }
}

/** Process numbers mean something in one PID namespace only: one container must not sweep for another. */
function prefix(): string {
  return `worklane-${digest(readlinkSync('/proc/self/ns/pid'), 6)}-`
}

function treeName(key: string): string {
  const { pid, start } = ownIdentity()
  return `${prefix()}${digest(key, 12)}.${pid}-${start}`
}

function digest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}

/** Ends what lives in the groups of dead processes (their runs are lost) and removes them. */
async function sweep(dialect: Dialect, homes: Homes): Promise<void> {
  const ours = prefix()
  const dead = groupNames(homes).filter((name) => name.startsWith(ours) && !hasOwner(name))
  await Promise.all(dead.map(async (name) => await removeTree(dialect, homesBelow(homes, name))))
  await endDeadScopes(homes)
}

/** Beside a scope of ours stand those of other processes of ours; systemd removes what nobody lives in any more. */
async function endDeadScopes({ freezer: home }: Homes): Promise<void> {
  if (home === undefined || ownerOfScope(basename(home)) === null) return
  const beside = dirname(home)
  for (const name of directoriesIn(beside)) {
    const owner = ownerOfScope(name)
    if (owner === null || isAlive({ ...owner, boot: bootIdentity() })) continue
    await writeFile(join(beside, name, 'cgroup.kill'), '1').catch(() => undefined)
  }
}

async function removeTree(dialect: Dialect, tree: Homes): Promise<void> {
  const groups = groupNames(tree).map((name) => new Group(dialect, homesBelow(tree, name)))
  await Promise.all(groups.map(async (group) => await group.close()))
  await removeGroup(directoriesOf(tree))
}

/** Groups do not outlive the machine's start, so the process is of this one. */
function hasOwner(name: string): boolean {
  const [, pid, start] = /\.(\d+)-(\d+)$/.exec(name) ?? []
  if (pid === undefined || start === undefined) return true
  return isAlive({ pid: Number(pid), start, boot: bootIdentity() })
}

function groupNames(homes: Homes): string[] {
  return [...new Set(directoriesOf(homes).flatMap(directoriesIn))]
}

function directoriesIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  } catch {
    return []
  }
}

/** Version 2 gives controllers only to the children of a group without processes: ours move to a leaf. */
async function handDown(homes: Homes): Promise<void> {
  const [home] = directoriesOf(homes)
  if (home === undefined) return
  // The root of the hierarchy, which has no type, may hold both; its processes are the whole machine's.
  if (existsSync(join(home, 'cgroup.type'))) {
    const leaf = join(home, OWN_LEAF)
    await mkdir(leaf, { recursive: true })
    for (const pid of readPids(home)) moveInto(leaf, pid)
  }
  await enable(homes)
}

function moveInto(leaf: string, pid: number): void {
  try {
    writeFileSync(join(leaf, 'cgroup.procs'), String(pid))
  } catch {
    // Ended meanwhile, or not ours to move: then the kernel refuses the controllers, which is told.
  }
}

async function enable(homes: Homes): Promise<void> {
  const [home] = directoriesOf(homes)
  const wanted = (['pids', 'memory', 'cpu'] as const).filter((one) => homes[one] !== undefined)
  if (home === undefined || wanted.length === 0) return
  await writeFile(join(home, 'cgroup.subtree_control'), wanted.map((one) => `+${one}`).join(' '))
}
