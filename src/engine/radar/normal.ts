import type { TreeChange } from '../../board/one-side.ts'
import { type Footprint, footprintOf } from '../../board/overlap.ts'
import { mergeBases } from '../../host/git/merge.ts'
import { type BatchAnswer, mergeBatch } from '../../host/git/merge-batch.ts'
import type { ObjectStore } from '../../host/git/object-store.ts'
import { standToBase } from '../../host/git/on-base.ts'
import { type RadarStore, writeCommits } from '../../host/git/radar-store.ts'
import { treeDiffs } from '../../host/git/tree-diffs.ts'
import { type Cell, cellsOf, collisionsOf, type Lines } from './cell.ts'
import type { Side } from './matrix.ts'

/**
 * A lane as it would be on top of base, so that what separates it from base is told apart from what separates it from
 * another lane; where it conflicts with base, as it is.
 */
export interface Normal {
  readonly commit: string
  readonly onBase: boolean
  /** What the lane changed: since base, or where it conflicts with that since they parted. */
  readonly footprint: Footprint
  /** Submodules and repositories inside the lane: what is in them nobody sees. */
  readonly links: readonly { readonly path: string; readonly why: 'submodule' | 'nested' }[]
  readonly withBase: Cell
}

export interface Ground {
  readonly store: RadarStore
  readonly objects: ObjectStore
  readonly lines: Lines['lines']
  /** Every path of base, where a lane adds some. */
  readonly pathsOfBase: () => Promise<Footprint>
  /** Seconds since 1970. */
  readonly dateOfBase: () => Promise<number>
}

/** All sides have one base. Answers by commit. */
export async function normalise(
  { store, objects, lines, pathsOfBase, dateOfBase }: Ground,
  base: string,
  sides: readonly Side[],
): Promise<ReadonlyMap<string, Normal>> {
  const commits = [...new Set(sides.map(({ commit }) => commit))]
  const { trees, within, answers } = await mergeOntoBase({ store, objects }, base, commits)
  const clean = [...trees.keys()]
  const date = clean.length === 0 ? 0 : await dateOfBase()
  const made = await writeCommits(
    store,
    clean.map((commit) => ({ tree: trees.get(commit) ?? '', parent: base, date })),
  )
  const onTop = new Map([...clean.map((commit, at) => [commit, made[at] ?? ''] as const), ...within])
  const parted = await Promise.all(
    commits.map(async (commit) => (onTop.has(commit) ? base : await partingOf(objects, base, commit))),
  )
  const known = commits.flatMap((commit, at) => {
    const from = parted[at]
    return from == null ? [] : [{ commit, from, to: onTop.get(commit) ?? commit }]
  })
  const diffs = await treeDiffs(store, known)
  const changes = new Map(known.map(({ commit }, at) => [commit, diffs[at] ?? []]))
  const footprints = new Map(commits.map((commit) => [commit, footprintOf(changes.get(commit) ?? [])]))
  const adds = [...changes.values()].flat().some(({ before }) => before === null)
  const everything = adds ? await pathsOfBase() : footprintOf([])
  const cells = await cellsOf(
    { objects, lines },
    commits.map((key) => ({
      key,
      answer: answers.get(key),
      collisions: collisionsOf(footprints.get(key) ?? everything, everything),
    })),
  )
  return new Map(
    commits.map((commit): [string, Normal] => [
      commit,
      {
        commit: onTop.get(commit) ?? commit,
        onBase: onTop.has(commit),
        footprint: footprints.get(commit) ?? footprintOf([]),
        links: linksOf(changes.get(commit) ?? []),
        withBase: cells.get(commit) ?? { kind: 'unknown', reason: 'Git was not asked.' },
      },
    ]),
  )
}

interface OntoBase {
  /** Trees on top of base by commit, as far as there are such. */
  readonly trees: ReadonlyMap<string, string>
  /** Commits that base has already: nothing is left of them but base. */
  readonly within: ReadonlyMap<string, string>
  /** Git's answers where it was asked. */
  readonly answers: ReadonlyMap<string, BatchAnswer>
}

async function mergeOntoBase(
  { store, objects }: Pick<Ground, 'store' | 'objects'>,
  base: string,
  commits: readonly string[],
): Promise<OntoBase> {
  const stands = await standToBase(store, commits, base)
  const [trees, within] = [new Map<string, string>(), new Map<string, string>()]
  for (const [at, commit] of commits.entries()) {
    const stand = stands[at]
    if (stand?.kind === 'ahead') trees.set(commit, stand.tree)
    if (stand?.kind === 'within') within.set(commit, base)
  }
  const apart = commits.filter((_, at) => stands[at]?.kind === 'apart')
  const pairs = apart.map((key) => ({ key, ours: base, theirs: key }))
  const answers = await mergeBatch(objects, pairs, { keep: true })
  for (const [commit, answer] of answers) if (answer.kind === 'clean') trees.set(commit, answer.tree)
  return { trees, within, answers }
}

/** Null: nothing can be said. */
async function partingOf(objects: ObjectStore, base: string, commit: string): Promise<string | null> {
  const env = { GIT_OBJECT_DIRECTORY: objects.objects }
  const [first] = await mergeBases(objects, base, commit, env).catch(() => [])
  return first ?? null
}

const LINK = '160000'

function linksOf(changes: readonly TreeChange[]): Normal['links'] {
  const declared = changes.some(({ path }) => path === '.gitmodules')
  return changes.flatMap(({ path, before, after }) => {
    if (after?.mode !== LINK) return []
    return [{ path, why: before?.mode === LINK || declared ? ('submodule' as const) : ('nested' as const) }]
  })
}
