/** What git stores at a path: mode and object id as git writes them. */
export interface TreeEntry {
  readonly mode: string
  readonly object: string
}

/** One path that differs between two trees; null: not there. No renames: those are a deletion and an addition. */
export interface TreeChange {
  readonly path: string
  readonly before: TreeEntry | null
  readonly after: TreeEntry | null
}

/** Where a merge's result is not what the sides say it has to be. */
export interface Violation {
  readonly path: string
  /** `missing`: a side has it, the result has nothing there. `different`: the result has something else. */
  readonly kind: 'missing' | 'different'
  /** Whose change the result does not carry; `none`: nobody touched the path, the result did. */
  readonly side: 'ours' | 'theirs' | 'both' | 'none'
  readonly base: TreeEntry | null
  readonly expected: TreeEntry | null
  readonly found: TreeEntry | null
}

export interface MergeChanges {
  readonly ours: readonly TreeChange[]
  readonly theirs: readonly TreeChange[]
  readonly result: readonly TreeChange[]
  /** Paths on which several merge bases disagree: no base says who changed them, so no rule binds them. */
  readonly undecided?: ReadonlySet<string>
}

/**
 * The "nothing lost" rule, which does not rely on git's merge code. All changes are from the merge base. A path that
 * one side changed, or both alike, carries exactly that mode and blob in the result; one that nobody changed is as in
 * the base; one that both changed differently is still there. Edits that follow a rename break the rule rightly:
 * whoever calls has to explain each violation or refuse the merge.
 */
export function oneSideViolations(changes: MergeChanges): Violation[] {
  const [ours, theirs, result] = [byPath(changes.ours), byPath(changes.theirs), byPath(changes.result)]
  const paths = new Set([...ours.keys(), ...theirs.keys(), ...result.keys()])
  const violations: Violation[] = []
  for (const path of [...paths].sort()) {
    if (changes.undecided?.has(path)) continue
    const violation = judge(path, ours.get(path), theirs.get(path), result.get(path))
    if (violation !== null) violations.push(violation)
  }
  return violations
}

function judge(path: string, ours?: TreeChange, theirs?: TreeChange, result?: TreeChange): Violation | null {
  const base = (ours ?? theirs ?? result)?.before ?? null
  const found = result === undefined ? base : result.after
  const broken = (side: Violation['side'], expected: TreeEntry | null): Violation | null =>
    sameEntry(expected, found)
      ? null
      : { path, kind: found === null ? 'missing' : 'different', side, base, expected, found }
  if (ours === undefined && theirs === undefined) return broken('none', base)
  if (theirs === undefined) return broken('ours', ours?.after ?? null)
  if (ours === undefined) return broken('theirs', theirs.after)
  if (sameEntry(ours.after, theirs.after)) return broken('both', ours.after)
  if (ours.after === null) return broken('theirs', theirs.after)
  if (theirs.after === null) return broken('ours', ours.after)
  // Both have it, and differently: the content is git's to merge, but it cannot be gone.
  return found === null ? broken('both', ours.after) : null
}

/** Paths that `theirs` alone changed, and that are as in the merge base in the result: somebody took that change away. */
export function undoneInMerge({ ours, theirs, result }: MergeChanges): string[] {
  const others = new Set([...ours, ...result].map(({ path }) => path))
  return theirs.map(({ path }) => path).filter((path) => !others.has(path))
}

export function sameEntry(a: TreeEntry | null, b: TreeEntry | null): boolean {
  return a === b || (a?.mode === b?.mode && a?.object === b?.object)
}

function byPath(changes: readonly TreeChange[]): Map<string, TreeChange> {
  return new Map(changes.map((change) => [change.path, change]))
}
