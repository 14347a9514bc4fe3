import { type Footprint, footprintOf, mayConflict } from '../../board/overlap.ts'
import { mergeBatch } from '../../host/git/merge-batch.ts'
import type { ObjectStore } from '../../host/git/object-store.ts'
import type { RadarStore } from '../../host/git/radar-store.ts'
import { dateOfCommit } from '../../host/git/refs.ts'
import { pathsOf } from '../../host/git/tree-diffs.ts'
import { type Cell, CLEAN, cellsOf, collisionsOf, type Judged, type Lines } from './cell.ts'
import { type Normal, normalise } from './normal.ts'

/** One lane: a commit of everything in it, and the commit that its base is at. */
export interface Side {
  readonly taskId: number
  readonly commit: string
  readonly base: string
}

/** A cell and whose it is: two tasks, the lower first, or one with its base. */
export interface Placed {
  readonly tasks: readonly number[]
  readonly base: boolean
  readonly cell: Cell
}

/** Keeps what was found: sides that are the same as before cost nothing. */
export class Matrix {
  readonly #store: RadarStore
  readonly #objects: ObjectStore
  readonly #lines: Lines['lines'] = new Map()
  #normals = new Map<string, Normal>()
  #cells = new Map<string, Cell>()
  #basePaths: { readonly base: string; readonly paths: Promise<Footprint> } | null = null

  #baseDate: { readonly base: string; readonly seconds: Promise<number> } | null = null

  constructor(commonDir: string, store: RadarStore) {
    this.#store = store
    this.#objects = { commonDir, objects: store.objects }
  }

  /** All cells of these sides, by tasks. What is known of others is forgotten. */
  async update(sides: readonly Side[]): Promise<Placed[]> {
    const sorted = [...sides].sort((a, b) => a.taskId - b.taskId)
    await this.#normalise(sorted)
    const row = sorted.map((side): Placed => {
      const cell = this.#normal(side)?.withBase ?? CLEAN
      return { tasks: [side.taskId], base: true, cell }
    })
    return [...row, ...(await this.#pairs(sorted))]
  }

  /** What of a side cannot be looked into; paths are bytes. */
  linksOf(side: Side): Normal['links'] {
    return this.#normal(side)?.links ?? []
  }

  #normal({ base, commit }: Side): Normal | undefined {
    return this.#normals.get(`${base} ${commit}`)
  }

  async #normalise(sides: readonly Side[]): Promise<void> {
    const kept = new Map<string, Normal>()
    const missing = new Map<string, Side[]>()
    for (const side of sides) {
      const known = this.#normal(side)
      if (known !== undefined && known.withBase.kind !== 'unknown')
        kept.set(`${side.base} ${side.commit}`, known)
      else missing.set(side.base, [...(missing.get(side.base) ?? []), side])
    }
    for (const [base, some] of missing) {
      const pathsOfBase = async () => await this.#pathsOf(base)
      const dateOfBase = async () => await this.#dateOf(base)
      const [store, objects, lines] = [this.#store, this.#objects, this.#lines]
      const ground = { store, objects, lines, pathsOfBase, dateOfBase }
      for (const [commit, normal] of await normalise(ground, base, some))
        kept.set(`${base} ${commit}`, normal)
    }
    this.#normals = kept
  }

  async #dateOf(base: string): Promise<number> {
    if (this.#baseDate?.base !== base) {
      const seconds = dateOfCommit({ gitDir: this.#store.gitDir }, base)
      this.#baseDate = { base, seconds }
      seconds.catch(() => (this.#baseDate = null))
    }
    return await this.#baseDate.seconds
  }

  async #pathsOf(base: string): Promise<Footprint> {
    if (this.#basePaths?.base !== base) {
      const nothing = { mode: '', object: '' }
      const paths = pathsOf(this.#store, base).then((all) =>
        footprintOf(all.map((path) => ({ path, after: nothing }))),
      )
      this.#basePaths = { base, paths }
      paths.catch(() => (this.#basePaths = null))
    }
    return await this.#basePaths.paths
  }

  async #pairs(sides: readonly Side[]): Promise<Placed[]> {
    const places: { readonly key: string; readonly tasks: readonly number[] }[] = []
    const wanted = new Map<string, Pair>()
    const cells = new Map<string, Cell>()
    for (const [at, a] of sides.entries())
      for (const b of sides.slice(at + 1)) {
        const pair = this.#pairOf(a, b)
        if (pair === null) continue
        places.push({ key: pair.key, tasks: [a.taskId, b.taskId] })
        const known = this.#cells.get(pair.key)
        if (known !== undefined && known.kind !== 'unknown') cells.set(pair.key, known)
        else wanted.set(pair.key, pair)
      }
    for (const [key, cell] of await this.#judge([...wanted.values()])) cells.set(key, cell)
    this.#cells = cells
    return places.map(({ key, tasks }) => ({ tasks, base: false, cell: cells.get(key) ?? CLEAN }))
  }

  #pairOf(a: Side, b: Side): Pair | null {
    const [ours, theirs] = [this.#normal(a), this.#normal(b)]
    if (ours === undefined || theirs === undefined) return null
    const shared = a.base === b.base && ours.onBase && theirs.onBase
    return {
      key: shared ? `${ours.commit} ${theirs.commit}` : `${a.commit} ${b.commit}`,
      a,
      b,
      ours,
      theirs,
      shared,
    }
  }

  /** Few pairs can conflict at all; git is asked about those, about all of them at once. */
  async #judge(pairs: readonly Pair[]): Promise<ReadonlyMap<string, Cell>> {
    const open = pairs.filter(
      ({ shared, ours, theirs }) => !shared || mayConflict(ours.footprint, theirs.footprint),
    )
    const answers = await mergeBatch(
      this.#objects,
      open.map(({ key, a, b, ours, theirs, shared }) => ({
        key,
        ours: shared ? ours.commit : a.commit,
        theirs: shared ? theirs.commit : b.commit,
      })),
      { related: open.every(({ shared }) => shared) },
    )
    const judged = pairs.map((pair): Judged => {
      const collisions = collisionsOf(pair.ours.footprint, pair.theirs.footprint)
      const counts = pair.shared ? {} : { counts: (path: string) => !isBases(pair, path) }
      return { key: pair.key, answer: answers.get(pair.key), collisions, ...counts }
    })
    return await cellsOf({ objects: this.#objects, lines: this.#lines }, judged)
  }
}

interface Pair {
  readonly key: string
  readonly a: Side
  readonly b: Side
  readonly ours: Normal
  readonly theirs: Normal
  /** Both stand on one base, so that their footprints tell whether they can conflict. */
  readonly shared: boolean
}

/** A conflict that one of them has with base already, which the other only brings along. */
function isBases({ ours, theirs }: Pair, path: string): boolean {
  const withBase = (one: Normal, other: Normal): boolean =>
    one.withBase.kind === 'overlap' &&
    one.withBase.files.some((file) => file.path === path) &&
    !other.footprint.paths.has(path)
  return withBase(ours, theirs) || withBase(theirs, ours)
}
