import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../fault.ts'
import { bootIdentity, type ProcessIdentity } from './identity.ts'
import { type ProcessRow, processTable } from './table.ts'

/**
 * The process tree of a run. Each process of it inherits `WORKLANE_RUN=<token>`, so that one that left its session,
 * its group and its parent is still found. Out of reach, until a PID namespace holds the tree: a process that cleared
 * its environment (or may not be read: set-user-ID, not dumpable), began a session of its own, and was orphaned.
 */
export interface TreeRoot {
  /** The first process of the tree; one that is no longer alive is passed over. */
  readonly leader?: ProcessIdentity | undefined
  /** Sessions known to be the tree's, though who began them may be gone. */
  readonly sessions?: ReadonlySet<number>
}

export interface StopOptions extends TreeRoot {
  /** Milliseconds between the request to end (SIGTERM) and SIGKILL. */
  readonly grace: number
  /** The leader and its child are walls: to end them would end what is inside without a grace. */
  readonly walled?: boolean | undefined
  /** Aborted: the grace is over at once. */
  readonly hurry?: AbortSignal
}

/** How long SIGKILL may take before we call it a fault: a process in a hung disk call does not end. */
const KILL_PATIENCE = 10_000

/** Looks before a process whose environment stays empty is taken for a stranger. */
const UNCLEAR_LOOKS = 10

/** The processes of a run, in rising order. Never ourselves, one of our ancestors, or process 1. */
export function findTree(token: string, leader?: ProcessIdentity): number[] {
  const rows = selectTree(processTable(token), { leader: thisBoot(leader) }, process.pid)
  return rows.map((row) => row.pid).sort((a, b) => a - b)
}

/**
 * The rule of `findTree`, on a table at hand. `self` is our own process; `known` names processes found before: they
 * stay in the tree when they replace their environment.
 */
export function selectTree(
  rows: readonly ProcessRow[],
  root: TreeRoot,
  self: number,
  known: ReadonlySet<string> = new Set(),
): ProcessRow[] {
  const living = new Map(rows.map((row) => [row.pid, row]))
  const spared = selfAndAncestors(living, self)
  const foreign = new Set([0, 1, ...[...spared].map((pid) => living.get(pid)?.session ?? 0)])
  const tree = new Set<number>()
  const sessions = new Set(root.sessions)
  const isLeader = (row: ProcessRow): boolean =>
    row.pid === root.leader?.pid && row.start === root.leader.start
  // A session is ours when one of us began it, or when one of us is in it and who began it is gone. (A living process
  // with its number is a stranger then, and the number was given out again: the session is no more.)
  const isOurs = (session: number): boolean =>
    tree.has(session) || (sessions.has(session) && !living.has(session) && !foreign.has(session))
  const belongs = (row: ProcessRow): boolean =>
    row.tagged || isLeader(row) || known.has(processName(row)) || tree.has(row.parent) || isOurs(row.session)
  const candidates = rows.filter((row) => !spared.has(row.pid))
  for (let size = -1; size !== tree.size; ) {
    size = tree.size
    for (const row of candidates) {
      if (tree.has(row.pid) || !belongs(row)) continue
      tree.add(row.pid)
      sessions.add(row.session)
    }
  }
  return candidates.filter((row) => tree.has(row.pid))
}

/**
 * Ends every process of a run: SIGTERM and a grace, then SIGSTOP for all (so that none starts another), then SIGKILL.
 * Resolves when none is left. `found`: all that were ever seen; `killed`: those that needed SIGKILL.
 * @throws Fault when some do not end, for instance because they belong to another user.
 */
export async function stopTree(
  token: string,
  options: StopOptions,
): Promise<{ found: number; killed: number }> {
  const hunt = startHunt(token, options)
  if (!(await endedInPeace(hunt, options))) await killAll(hunt)
  return { found: hunt.found.size, killed: hunt.killed.size }
}

interface Hunt {
  readonly found: Set<string>
  readonly killed: Set<string>
  scan(): ProcessRow[]
  /**
   * As `scan`, but empty only when two in a row were (/proc is no snapshot: a tree that forks moves under it), and more
   * while a process could be ours that is just replacing itself.
   */
  look(): Promise<ProcessRow[]>
  /** A short wait, longer where looking costs more. */
  pause(): Promise<void>
}

function startHunt(token: string, root: TreeRoot): Hunt {
  const sessions = new Set(root.sessions)
  const leader = thisBoot(root.leader)
  const found = new Set<string>()
  let cost = 0
  let unclear = false
  const scan = (): ProcessRow[] => {
    const begun = performance.now()
    const rows = processTable(token)
    const tree = selectTree(rows, { leader, sessions }, process.pid, found)
    unclear = rows.some((row) => row.tagged === null && !isOlder(row, leader))
    const strangers = new Set(rows.filter((row) => !tree.includes(row)).map((row) => row.pid))
    for (const row of tree) {
      found.add(processName(row))
      // Still ours when those that we knew it by are gone.
      if (!strangers.has(row.session)) sessions.add(row.session)
    }
    cost = performance.now() - begun
    return tree
  }
  const pause = async (): Promise<void> => await wait(Math.min(500, Math.max(10, 4 * cost)))
  const look = async (): Promise<ProcessRow[]> => {
    for (let round = 1; ; round += 1) {
      const tree = scan()
      if (tree.length > 0 || round === UNCLEAR_LOOKS || (round >= 2 && !unclear)) return tree
      await pause()
    }
  }
  return { found, killed: new Set(), scan, look, pause }
}

/** False when the grace was over before the last one ended. */
async function endedInPeace(hunt: Hunt, options: StopOptions): Promise<boolean> {
  const deadline = performance.now() + options.grace
  const asked = new Set<string>()
  for (;;) {
    const tree = await hunt.look()
    if (tree.length === 0) return true
    for (const row of withoutWalls(tree, options)) {
      if (asked.has(processName(row))) continue
      asked.add(processName(row))
      // A suspended process hears nothing before SIGCONT.
      send(row, 'SIGTERM')
      send(row, 'SIGCONT')
    }
    if (performance.now() >= deadline || options.hurry?.aborted === true) return false
    await hunt.pause()
  }
}

/** What is inside; the walls end by themselves when it has. */
function withoutWalls(tree: readonly ProcessRow[], { walled, leader }: StopOptions): readonly ProcessRow[] {
  if (walled !== true) return tree
  return tree.filter(({ pid, parent }) => pid !== leader?.pid && parent !== leader?.pid)
}

async function killAll(hunt: Hunt): Promise<void> {
  const deadline = performance.now() + KILL_PATIENCE
  for (;;) {
    const tree = await hunt.look()
    if (tree.length === 0) return
    if (performance.now() >= deadline) throw survivors(tree)
    for (const row of freeze(hunt)) {
      send(row, 'SIGKILL')
      hunt.killed.add(processName(row))
    }
    await hunt.pause()
  }
}

/** Suspends the tree: looks again until a look finds nobody new, which a tree that forks needs. */
function freeze(hunt: Hunt): ProcessRow[] {
  const frozen = new Set<string>()
  for (let look = 1; ; look += 1) {
    const tree = hunt.scan()
    const fresh = tree.filter((row) => !frozen.has(processName(row)))
    if (fresh.length === 0 || look === 20) return tree
    for (const row of fresh) {
      frozen.add(processName(row))
      send(row, 'SIGSTOP')
    }
  }
}

function send(row: ProcessRow, signal: NodeJS.Signals): void {
  try {
    process.kill(row.pid, signal)
  } catch {
    // Gone meanwhile, or not ours to signal: the next look tells.
  }
}

function survivors(tree: readonly ProcessRow[]): Fault {
  const pids = tree.map((row) => row.pid).join(', ')
  return new Fault(`These processes do not end, not even by SIGKILL: ${pids}.`, {
    retry: 'later',
    hint: 'They may belong to another user or wait for a disk that hangs.',
  })
}

function selfAndAncestors(living: ReadonlyMap<number, ProcessRow>, self: number): Set<number> {
  const spared = new Set([1])
  for (let pid: number | undefined = self; pid !== undefined && !spared.has(pid); ) {
    spared.add(pid)
    pid = living.get(pid)?.parent
  }
  return spared
}

function thisBoot(leader: ProcessIdentity | undefined): ProcessIdentity | undefined {
  return leader?.boot === bootIdentity() ? leader : undefined
}

/** Nobody in a tree is older than its leader. Start times can be compared on Linux, where alone it matters. */
function isOlder(row: ProcessRow, leader: ProcessIdentity | undefined): boolean {
  return leader !== undefined && Number(row.start) < Number(leader.start)
}

/** Told apart from a later process of the same number. */
function processName(row: ProcessRow): string {
  return `${row.pid}:${row.start}`
}
