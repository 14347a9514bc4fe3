import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Overlap, Unknown } from '../../board/overlap.ts'
import { asFault } from '../../host/fault.ts'
import { asText } from '../../host/git/path-bytes.ts'
import { openRadarStore, type RadarStore } from '../../host/git/radar-store.ts'
import { branchTip } from '../../host/git/refs.ts'
import type { Snapshot, UnseenPath } from '../../host/git/snapshot-lane.ts'
import { adminDirectory } from '../../host/git/worktree.ts'
import { privateGit } from '../sandbox.ts'
import type { World } from '../world.ts'
import { type RadarLane, radarLanes } from './lanes.ts'
import { Matrix, type Placed, type Side } from './matrix.ts'
import { snapshotOf } from './snapshot.ts'
import { LaneWatches } from './watches.ts'

/** Something in a lane that no snapshot holds. */
export interface Unseen {
  readonly task: number
  readonly path: string
  readonly why: UnseenPath['why'] | 'submodule' | 'nested'
}

/** One look at all lanes. Paths are text for people. */
export interface Look {
  /** Milliseconds since 1970, from before anything was looked at. */
  readonly at: number
  readonly lanes: readonly { readonly task: number; readonly subject: string; readonly branch: string }[]
  readonly overlaps: readonly Overlap[]
  readonly unknown: readonly Unknown[]
  readonly unseen: readonly Unseen[]
}

/** Lanes whose files are looked at at once. */
const AT_ONCE = 4

/** Milliseconds until a lane that could not be looked at is tried again: the longer the try took, the later. */
const DARK = { least: 1_000, times: 10, most: 20_000 }

/** What a lane holds, or why that cannot be said. */
type Sight = { readonly side: Side; readonly unseen: readonly UnseenPath[] } | { readonly reason: string }

/** The radar of one process: remembers what it saw, so that a lane that did not change costs nothing. */
export class Radar {
  readonly #world: World
  #open: { readonly store: RadarStore; readonly matrix: Matrix } | null = null
  readonly #snapshots = new Map<number, Snapshot>()
  /** Lanes that could not be looked at, by id. One that hangs git must not hold up the others again and again. */
  readonly #dark = new Map<number, { readonly reason: string; readonly until: number }>()
  readonly #watches = new LaneWatches()

  constructor(world: World) {
    this.#world = world
  }

  /**
   * Whether files of a lane have changed since the last look, as far as `look` was asked to watch them, or one that
   * could not be looked at is to be tried again.
   */
  isDue(now = performance.now()): boolean {
    return this.#watches.isDue() || [...this.#dark.values()].some(({ until }) => until <= now)
  }

  [Symbol.dispose](): void {
    this.#watches[Symbol.dispose]()
  }

  /** Looks at all lanes: `all` reads each lane's files; `changed` those that changed since, and watches them all. */
  async look(which: 'all' | 'changed'): Promise<Look> {
    const { actor, repository } = this.#world
    const at = actor.now()
    const directory = radarDirectory(this.#world)
    // Somebody threw the store away: what is remembered names objects that are gone.
    if (!existsSync(join(directory, 'HEAD'))) this.#forget()
    const store = await openRadarStore(repository.commonDir, directory)
    this.#open ??= { store, matrix: new Matrix(repository.commonDir, store) }
    const lanes = await radarLanes(this.#world)
    const tips = await this.#tips(lanes)
    for (const known of [this.#snapshots, this.#dark])
      for (const id of known.keys()) if (!lanes.some(({ lane }) => lane.id === id)) known.delete(id)
    const changed = which === 'all' ? null : this.#watches.take()
    const sights = await inTurn(lanes, async (one) => await this.#see(one, tips, changed))
    if (which === 'changed') await this.#watch(lanes)
    return await this.#compare(at, lanes, sights)
  }

  /** Lanes whose files count, with what git ignores in them. */
  async #watch(lanes: readonly RadarLane[]): Promise<void> {
    const { commonDir } = this.#world.repository
    const watched = lanes.filter(({ frozen }) => frozen === null)
    await this.#watches.follow(
      watched.map(({ lane }) => ({
        id: lane.id,
        path: lane.path,
        gitDir:
          lane.holder === 'walls'
            ? privateGit(this.#world, lane.id)
            : adminDirectory({ commonDir, admin: lane.admin }),
        ignored: this.#snapshots.get(lane.id)?.ignored ?? [],
      })),
    )
  }

  #forget(): void {
    this.#open = null
    this.#snapshots.clear()
  }

  async #tips(lanes: readonly RadarLane[]): Promise<ReadonlyMap<string, string | null>> {
    const bases = [...new Set(lanes.map(({ lane }) => lane.base))]
    const place = { gitDir: this.#world.repository.commonDir }
    return new Map(
      await Promise.all(bases.map(async (base) => [base, await branchTip(place, base)] as const)),
    )
  }

  /** A lane that cannot be looked at now is unknown, whatever was seen of it before. */
  async #see(
    { taskId, lane, frozen }: RadarLane,
    tips: ReadonlyMap<string, string | null>,
    changed: ReadonlySet<number> | null,
  ): Promise<Sight> {
    // Its time over, it goes whatever is seen now: as long as it is kept, the lane is due.
    const dark = this.#dark.get(lane.id)
    const isDark = dark !== undefined && performance.now() < dark.until
    if (!isDark) this.#dark.delete(lane.id)
    const tip = tips.get(lane.base)
    if (tip == null) return { reason: `Its base ${lane.base} is gone.` }
    if (frozen !== null) return { side: { taskId, commit: frozen, base: tip }, unseen: [] }
    const before = this.#snapshots.get(lane.id) ?? null
    const isKnown = before !== null && changed !== null && !changed.has(lane.id)
    if (isDark) return { reason: dark.reason }
    const began = performance.now()
    try {
      const { store } = this.#opened()
      const snapshot = isKnown ? before : await snapshotOf(this.#world, store, { lane, tip, before })
      this.#snapshots.set(lane.id, snapshot)
      return { side: { taskId, commit: snapshot.commit, base: tip }, unseen: snapshot.unseen }
    } catch (error) {
      const fault = asFault(error)
      if (fault === null) throw error
      this.#snapshots.delete(lane.id)
      const now = performance.now()
      const darkFor = Math.min(Math.max(DARK.times * (now - began), DARK.least), DARK.most)
      this.#dark.set(lane.id, { reason: fault.message, until: now + darkFor })
      return { reason: fault.message }
    }
  }

  #opened(): { readonly store: RadarStore; readonly matrix: Matrix } {
    if (this.#open === null) throw new Error('the radar is not open')
    return this.#open
  }

  async #compare(at: number, lanes: readonly RadarLane[], sights: readonly Sight[]): Promise<Look> {
    const { matrix } = this.#opened()
    const seen = sights.flatMap((sight) => ('side' in sight ? [sight] : []))
    const placed = await matrix.update(seen.map(({ side }) => side))
    const dark = lanes.flatMap(({ taskId }, index) => {
      const sight = sights[index]
      return sight !== undefined && 'reason' in sight ? [{ taskId, reason: sight.reason }] : []
    })
    return {
      at,
      lanes: lanes.map(({ taskId, subject, lane }) => ({ task: taskId, subject, branch: lane.branch })),
      overlaps: placed.flatMap(overlapOf),
      unknown: once([
        ...dark.flatMap(({ taskId, reason }) => darkCells(taskId, reason, lanes)),
        ...placed.flatMap(({ tasks, base, cell }) =>
          cell.kind === 'unknown' ? [{ tasks, base, reason: cell.reason }] : [],
        ),
      ]),
      unseen: seen.flatMap(({ side, unseen }) => [
        ...unseen.map(({ path, why }) => ({ task: side.taskId, path, why })),
        ...matrix.linksOf(side).map(({ path, why }) => ({ task: side.taskId, path: asText(path), why })),
      ]),
    }
  }
}

/** A cache of ours in the repository: gone or old, it is made again. */
export function radarDirectory(world: World): string {
  return join(world.repository.home, 'radar')
}

function overlapOf({ tasks, base, cell }: Placed): Overlap[] {
  if (cell.kind !== 'overlap') return []
  const files = cell.files.map(({ path, kind }) => ({ path: asText(path), kind }))
  const hunks = cell.hunks.map((hunk) => ({ ...hunk, path: asText(hunk.path) }))
  return [{ tasks, base, kind: files[0]?.kind ?? 'CONFLICT', files, hunks }]
}

/** Each cell of a lane that nothing is known of. */
function darkCells(taskId: number, reason: string, lanes: readonly RadarLane[]): Unknown[] {
  const others = lanes.map((lane) => lane.taskId).filter((other) => other !== taskId)
  const pairs = others.map((other) => ({ tasks: [taskId, other].sort((a, b) => a - b), base: false, reason }))
  return [{ tasks: [taskId], base: true, reason }, ...pairs]
}

/** Of two lanes that cannot be seen one reason is enough. */
function once(unknown: readonly Unknown[]): Unknown[] {
  return [...new Map(unknown.toReversed().map((one) => [one.tasks.join(' '), one])).values()].reverse()
}

/** A few at a time; answers in order. */
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = []
  const left = items.entries()
  const worker = async (): Promise<void> => {
    for (const [at, item] of left) answers[at] = await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return answers
}
