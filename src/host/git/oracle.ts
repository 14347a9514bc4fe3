import { oneSideViolations, type TreeChange, type Violation } from '../../board/one-side.ts'
import { carriedEdits, type Rename, renamedPaths } from './carried-edit.ts'
import { asText } from './path-bytes.ts'
import { type SharedPlace, treeDiff } from './tree-diff.ts'

export interface MergeToCheck {
  /** The merge bases; where there are several, what they disagree on is left out. */
  readonly bases: readonly [string, ...string[]]
  readonly ours: string
  readonly theirs: string
  /** The tree that git called a clean merge. */
  readonly tree: string
}

/**
 * What a merge that git calls clean would lose or alter; empty: nothing. Git has lost files in clean merges (t6423
 * 12i2, fixed in 2.51.1), so the result is held against its inputs by the rule of `oneSideViolations`. What breaks
 * that rule rightly is an edit that followed a rename, and it passes only when shown to be one: a side deleted p and
 * added q, the other side edited p, and the result at q is exactly the three-way merge of these three files. Then q
 * may differ from its side and p may be gone. Nothing else explains a path that is gone: git's directory renames, the
 * other thing that moves a file, are off in every merge of ours.
 */
export async function checkMerge(place: SharedPlace, merge: MergeToCheck): Promise<Violation[]> {
  const [base, ...others] = merge.bases
  const [ours = [], theirs = [], result = [], ...disagreements] = await Promise.all(
    [merge.ours, merge.theirs, merge.tree, ...others].map((to) => treeDiff(place, base, to)),
  )
  const undecided = new Set(disagreements.flat().map((change) => change.path))
  const violations = oneSideViolations({ ours, theirs, result, undecided })
  if (violations.length === 0) return []
  const broken = new Set(violations.map((violation) => violation.path))
  const [here, there] = await Promise.all([
    explained(place, { base, tip: merge.ours, renamer: ours, editor: theirs, result, broken }),
    explained(place, { base, tip: merge.theirs, renamer: theirs, editor: ours, result, broken }),
  ])
  return violations
    .filter(({ path }) => !here.has(path) && !there.has(path))
    .map((violation) => ({ ...violation, path: asText(violation.path) }))
}

interface Sides {
  readonly base: string
  /** Commit of the side that renamed. */
  readonly tip: string
  readonly renamer: readonly TreeChange[]
  readonly editor: readonly TreeChange[]
  readonly result: readonly TreeChange[]
  readonly broken: ReadonlySet<string>
}

/** A merge of this many single files still takes well under a second. */
const MOST_PAIRS = 1000

/**
 * Broken paths that are an edit which followed a rename of this side. First the renames that git's diff sees; its
 * merge sometimes pairs differently (it leaves out sources that nobody edited), so what is left is tried in every
 * pairing, as far as there are not too many. Too many: not explained, so not landed.
 */
async function explained(place: SharedPlace, sides: Sides): Promise<Set<string>> {
  const done = new Set<string>()
  const sources = editedSources(sides)
  if (sources.length === 0) return done
  const targets = newFiles(sides)
  const tell = async (pairs: Rename[]): Promise<void> => {
    for (const { source, target } of await carriedEdits(place, pairs)) done.add(source).add(target)
  }
  const seen = new Map((await renamedPaths(place, sides.base, sides.tip)).map((r) => [r.source, r.target]))
  const byTarget = new Map(targets.map((target) => [target.target, target]))
  await tell(
    sources.flatMap((source) => {
      const target = byTarget.get(seen.get(source.source) ?? '')
      return target === undefined ? [] : [{ ...source, ...target }]
    }),
  )
  const open = (path: string): boolean => sides.broken.has(path) && !done.has(path)
  const [openSources, openTargets] = [
    sources.filter((s) => open(s.source)),
    targets.filter((t) => open(t.target)),
  ]
  const count = openSources.length * targets.length + sources.length * openTargets.length
  if (count > MOST_PAIRS) return done
  await tell([...every(openSources, targets), ...every(sources, openTargets)])
  return done
}

type Source = Pick<Rename, 'source' | 'base' | 'edited'>
type Target = Pick<Rename, 'target' | 'renamed' | 'result'>

function every(sources: readonly Source[], targets: readonly Target[]): Rename[] {
  return sources.flatMap((source) => targets.map((target) => ({ ...source, ...target })))
}

/** What this side deleted and the other edited. */
function editedSources({ renamer, editor }: Sides): Source[] {
  const edits = new Map(editor.map((change) => [change.path, change.after]))
  return renamer.flatMap(({ path, before, after }) => {
    const edited = edits.get(path) ?? null
    return before === null || after !== null || edited === null
      ? []
      : [{ source: path, base: before, edited }]
  })
}

/** What this side added and the result has. */
function newFiles({ renamer, result }: Sides): Target[] {
  const results = new Map(result.map((change) => [change.path, change.after]))
  return renamer.flatMap(({ path, before, after }) => {
    const found = results.get(path) ?? null
    return before !== null || after === null || found === null
      ? []
      : [{ target: path, renamed: after, result: found }]
  })
}
