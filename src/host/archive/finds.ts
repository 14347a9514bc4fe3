import type { Walls } from '../sandbox/walls.ts'
import type { Load } from './capacity.ts'
import type { GitIndex, IndexEntry } from './index-file.ts'
import { addParents, readable } from './paths.ts'
import type { Fill } from './pristine.ts'
import { checkedOutAs } from './standing.ts'
import { type Node, walk } from './walk.ts'

export interface LanePlace {
  readonly adminDir: string
  /** The lane's directory. */
  readonly path: string
  /** Git reads the lane's files inside them; null: there are none. */
  readonly walls?: () => Promise<Walls | null>
  /** Aborted: what is being asked ends. */
  readonly signal?: AbortSignal
}

/** What git's indexes tell of a lane before anyone looks at its files. */
export interface Known {
  readonly fill: Fill | null
  /** What was checked out at first, by path. */
  readonly checkedOut: ReadonlyMap<string, IndexEntry>
  /** Every path of the fill and of the present index. */
  readonly tracked: ReadonlySet<string>
  /** Every directory that holds one. */
  readonly directories: ReadonlySet<string>
  readonly gitlinks: ReadonlySet<string>
}

/** What the survey gathers on its way. */
export interface Finds {
  readonly root: string
  readonly device: number
  readonly mounts: ReadonlySet<string>
  readonly known: Known
  readonly load: Load
  readonly nodes: Node[]
  readonly untracked: Node[]
  readonly passed: Node[]
  readonly warnings: string[]
  readonly unproven: Set<string>
  /** Paths that look checked out, by index mode, then by the permissions they have. */
  readonly asFilled: Map<number, Map<number, string[]>>
}

export function known(fill: Fill | null, current: GitIndex | null): Known {
  const checkedOut = new Map<string, IndexEntry>()
  const tracked = new Set<string>()
  const directories = new Set<string>()
  const gitlinks = new Set<string>()
  for (const entry of fill?.index.entries ?? [])
    if (checkedOutAs(entry.mode) !== null) checkedOut.set(entry.path, entry)
  for (const index of new Set([fill?.index, current])) {
    for (const { path, mode } of index?.entries ?? []) {
      tracked.add(path)
      addParents(path, directories)
      if (mode === 0o160000) gitlinks.add(path)
    }
  }
  return { fill, checkedOut, tracked, directories, gitlinks }
}

/** False for the mount point of another file system, or of another part of this one. */
export function mayEnter(finds: Finds, node: Node): boolean {
  if (node.stat.dev === finds.device && !finds.mounts.has(node.path)) return true
  finds.warnings.push(`${readable(node.path)} is a mount point: what lies in it was not archived.`)
  return false
}

/** Archives a node unless its kind cannot be kept. */
export function keep(finds: Finds, node: Node): void {
  if (node.type !== 'socket' && node.type !== 'device') finds.nodes.push(node)
  else finds.warnings.push(`${readable(node.path)} is a ${node.type}: it was not archived.`)
}

/** What is held of a node until the archive is made. */
export function weigh({ load }: Pick<Finds, 'load'>, { path, type, stat }: Node): void {
  load.add(path, type === 'symlink' ? stat.size : 0)
}

/** Archives everything below a directory, ignore rules or not. */
export async function keepWhole(finds: Finds, directory: Node): Promise<void> {
  const visitor = (node: Node): 'whole' | 'pass' => {
    weigh(finds, node)
    keep(finds, node)
    return node.type === 'directory' && mayEnter(finds, node) ? 'whole' : 'pass'
  }
  await walk(finds.root, directory.path, visitor)
}

export function permissionsOf(node: Node): number {
  return node.stat.mode & 0o7777
}

/** The bits by which a program runs as the owner or the group of its file, whoever starts it. */
export const SET_ID = 0o6000

export function runsAsOwner({ stat }: Node): boolean {
  return (stat.mode & SET_ID) !== 0
}
