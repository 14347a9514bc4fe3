import { mountsBelow } from '../files/mounts.ts'
import type { Load } from './capacity.ts'
import {
  type Finds,
  type Known,
  keep,
  type LanePlace,
  mayEnter,
  permissionsOf,
  SET_ID,
  weigh,
} from './finds.ts'
import { IgnoreRules } from './ignored.ts'
import type { IndexEntry } from './index-file.ts'
import { keepAmongLeftOut, type LeftOut, sift, tallyLeftOut, type Wanted } from './left-out.ts'
import { addParents, rawPath } from './paths.ts'
import type { Fill } from './pristine.ts'
import { commonest, standing, type UsualModes, usualMode } from './standing.ts'
import { look, type Node, walk } from './walk.ts'

/** A lane, looked at once. Nothing has been read yet but names and times. */
export interface Survey {
  readonly root: Node
  /** To be archived, next to unusual directories. */
  readonly nodes: readonly Node[]
  /** Files among them that may turn out to be untouched once they are read. */
  readonly unproven: ReadonlySet<string>
  /** Files that git can bring back: proven to be what it checked out. */
  readonly pristine: Set<string>
  /** Directories that were entered; a change of theirs means that something came or went. */
  readonly passed: readonly Node[]
  readonly modes: UsualModes
  readonly leftOut: LeftOut
  readonly warnings: readonly string[]
}

/** Walks the lane. */
export async function surveyLane(
  place: LanePlace,
  facts: Known,
  wanted: Wanted,
  load: Load,
): Promise<Survey> {
  const root = rawPath(place.path)
  const top = look(root, '')
  const finds: Finds = {
    root,
    device: top.stat.dev,
    mounts: mountsBelow(root),
    known: facts,
    load,
    nodes: [],
    untracked: [],
    passed: [top],
    warnings: [],
    unproven: new Set(),
    asFilled: new Map(),
  }
  await walk(root, '', (node, whole) => visit(finds, node, whole))
  const rules = new IgnoreRules(place)
  const left = await sift(rules, finds)
  const leftOut = await keepAmongLeftOut(rules, finds, left, wanted)
  return { root: top, ...settle(finds), leftOut: tallyLeftOut(root, leftOut) }
}

function visit(finds: Finds, node: Node, whole: boolean): 'enter' | 'whole' | 'pass' {
  // The lane's own link to its git directory belongs to whoever makes the lane.
  if (node.path === '.git') return 'pass'
  if (node.type === 'directory') return visitDirectory(finds, node, whole)
  const entry = finds.known.checkedOut.get(node.path)
  if (entry !== undefined && finds.known.fill !== null) visitCheckedOut(finds, finds.known.fill, entry, node)
  else {
    weigh(finds, node)
    if (whole || finds.known.tracked.has(node.path)) keep(finds, node)
    else finds.untracked.push(node)
  }
  return 'pass'
}

function visitCheckedOut(finds: Finds, fill: Fill, entry: IndexEntry, node: Node): void {
  const stands = standing(fill, entry, node)
  if (stands === 'changed') {
    keep(finds, node)
    return
  }
  const permissions = node.type === 'symlink' ? 0 : permissionsOf(node)
  const byPermissions = finds.asFilled.get(entry.mode) ?? new Map<number, string[]>()
  finds.asFilled.set(entry.mode, byPermissions)
  const paths = byPermissions.get(permissions)
  if (paths === undefined) byPermissions.set(permissions, [node.path])
  else paths.push(node.path)
  if (stands === 'unproven') {
    finds.unproven.add(node.path)
    finds.nodes.push(node)
  }
}

function visitDirectory(finds: Finds, node: Node, whole: boolean): 'enter' | 'whole' | 'pass' {
  if (!mayEnter(finds, node)) {
    finds.nodes.push(node)
    return 'pass'
  }
  if (finds.known.directories.has(node.path)) {
    finds.passed.push(node)
    return 'enter'
  }
  weigh(finds, node)
  if (whole || finds.known.gitlinks.has(node.path)) {
    finds.nodes.push(node)
    return 'whole'
  }
  finds.untracked.push(node)
  return 'pass'
}

/** Settles which permissions are the usual ones, and moves what deviates to the nodes to be archived. */
function settle(finds: Finds): Omit<Survey, 'root' | 'leftOut'> {
  const modes = usualModes(finds)
  const pristine = new Set<string>()
  for (const [indexMode, byPermissions] of finds.asFilled) {
    for (const [permissions, paths] of byPermissions) {
      const proven = paths.filter((path) => !finds.unproven.has(path))
      if (indexMode === 0o120000 || permissions === usualMode(modes, indexMode))
        for (const path of proven) pristine.add(path)
      else for (const path of proven) finds.nodes.push(look(finds.root, path))
    }
  }
  const nodes = new Map(finds.nodes.map((node) => [node.path, node]))
  const { unproven, passed, warnings } = finds
  return { nodes: [...nodes.values()], unproven, passed, warnings, pristine, modes }
}

/** Directories that a checkout of the untouched files would not make as they are. Once all have been read. */
export function unusualDirectories({ pristine, passed, modes }: Survey): Node[] {
  const holding = new Set<string>()
  for (const path of pristine) addParents(path, holding)
  return passed.filter(
    (node) => node.path !== '' && (!holding.has(node.path) || permissionsOf(node) !== modes.directory),
  )
}

function usualModes(finds: Finds): UsualModes {
  const directories = new Map<number, number>()
  for (const node of finds.passed.slice(1)) {
    const permissions = permissionsOf(node)
    // A restore fills these directories before their modes are set, so the usual one must let it.
    if ((permissions & 0o700) === 0o700) directories.set(permissions, (directories.get(permissions) ?? 0) + 1)
  }
  const counts = (indexMode: number): Map<number, number> => {
    const usable = [...(finds.asFilled.get(indexMode) ?? [])].filter(([mode]) => (mode & SET_ID) === 0)
    return new Map(usable.map(([mode, paths]) => [mode, paths.length]))
  }
  return {
    file: commonest(counts(0o100644), 0o644),
    executable: commonest(counts(0o100755), 0o755),
    directory: commonest(directories, 0o755),
  }
}
