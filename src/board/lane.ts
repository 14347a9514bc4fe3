import type { Transition } from './transition.ts'

export const LANE_STATES = ['creating', 'ready', 'quarantined', 'condemned', 'archived', 'removed'] as const
export type LaneState = (typeof LANE_STATES)[number]
export type LaneStep =
  | 'claim'
  | 'fill'
  | 'remake'
  | 'give_up'
  | 'quarantine'
  | 'resolve'
  | 'condemn'
  | 'archive'
  | 'remove'
  | 'restore'

/** `ready` has a holder: `host` (a person or an outside program) or `walls` (a run of ours). */
export type Holder = 'host' | 'walls'

export const LANE_TRANSITIONS: readonly Transition<LaneState, LaneStep>[] = [
  { from: '-', step: 'claim', to: 'creating' },
  { from: 'creating', step: 'fill', to: 'ready' },
  { from: 'creating', step: 'remake', to: 'creating' },
  { from: 'creating', step: 'give_up', to: 'removed' },
  { from: 'ready', step: 'quarantine', to: 'quarantined' },
  { from: 'quarantined', step: 'resolve', to: 'ready' },
  { from: 'ready', step: 'condemn', to: 'condemned' },
  { from: 'quarantined', step: 'condemn', to: 'condemned' },
  { from: 'condemned', step: 'archive', to: 'archived' },
  { from: 'archived', step: 'remove', to: 'removed' },
  { from: 'removed', step: 'restore', to: 'creating' },
]

/** What is set aside for one task. Paths are absolute. */
export interface Lane {
  readonly id: number
  readonly taskId: number
  readonly state: LaneState
  readonly holder: Holder
  readonly path: string
  /** Short name, without `refs/heads/`. */
  readonly branch: string
  readonly base: string
  /** The commit of base where the lane began. */
  readonly startPoint: string
  /** Name of git's own directory for it: `<common dir>/worktrees/<admin>`. */
  readonly admin: string
  /** Device and inode of the directory as made; null until it exists. A path that carries others is not ours. */
  readonly inode: { readonly device: string; readonly inode: string } | null
  readonly keep: boolean
  /** Its holder may still be writing in it, so the next attempt gets a fresh directory. */
  readonly abandoned: boolean
  /** First leased port; the lane owns `portCount` from there. Null once the ports are given back. */
  readonly port: number | null
  /** The archive to fill it from, where it is a restored or a continued lane. */
  readonly fillFrom: number | null
  readonly trash: string | null
  readonly warnings: readonly string[]
}

/** Both an agent and somebody else left commits in it; which are right only a person knows. */
export function divergence({ taskId, path }: Pick<Lane, 'taskId' | 'path'>): { what: string; fix: string } {
  return {
    what: `Two worked in the lane of task ${taskId} at once (${path}), and it waits for a person.`,
    fix: `Merge what is wanted of refs/worklane/${taskId}/ there, then: worklane lane resolve ${taskId}`,
  }
}

/** Lower-case words joined by dashes, at most `max` characters, never empty, safe in a path and a ref. */
export function slug(text: string, max = 40): string {
  const words = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  const cut = words.slice(0, max).replace(/^-+|-+$/g, '')
  return cut === '' ? 'untitled' : cut
}

/**
 * The branch names to try, best first. `taken` holds the existing branches. A branch `task` blocks `task/7`, and
 * names that differ only in case are one file on some disks, so both count as taken.
 */
export function branchName(
  template: string,
  task: { readonly id: number; readonly subject: string },
  taken: readonly string[],
): string {
  const filled = template.replaceAll('{id}', String(task.id)).replaceAll('{slug}', slug(task.subject))
  const flat = filled.replaceAll('/', '-')
  const names = taken.map((name) => name.toLowerCase())
  for (let n = 1; ; n += 1) {
    const tail = n === 1 ? '' : `-${n}`
    for (const candidate of [`${filled}${tail}`, `${flat}${tail}`]) {
      if (!names.some((name) => collides(candidate.toLowerCase(), name))) return candidate
    }
  }
}

function collides(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
}
