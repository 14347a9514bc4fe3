import { type Finds, keep, keepWhole, mayEnter, weigh } from './finds.ts'
import type { IgnoreRules } from './ignored.ts'
import { parentOf } from './paths.ts'
import { list, look, lookFor, type Node } from './walk.ts'

/** Ignored files that the archive does not hold. */
export interface LeftOut {
  /** latin1; a directory stands for all that is in it, kept files excepted. The first hundred. */
  readonly paths: readonly string[]
  /** How many such paths there are. */
  readonly total: number
  /** Files and bytes in them; a lower bound when `counted` is false. */
  readonly files: number
  readonly bytes: number
  readonly counted: boolean
}

/** Counting must not make a removal slow: a directory of dependencies can hold 30,000 files. */
const COUNT_AT_MOST = 2000

/**
 * Sorts what no index knows into kept and ignored, level by level, so that an ignored directory is never entered.
 * A repository is kept even when its directory is ignored: it holds work, not build output. Returns the ignored; where
 * git does not say what is, that is nothing.
 */
export async function sift(rules: IgnoreRules, finds: Finds): Promise<Node[]> {
  const left: Node[] = []
  for (let level = finds.untracked; level.length > 0; ) {
    const paths = level.map((node) => node.path)
    const ignored = await rules.among(paths)
    if (ignored === null) tellSilence(finds)
    const next: Node[] = []
    for (const node of level) {
      const enter = node.type === 'directory' && mayEnter(finds, node)
      if (enter && lookFor(finds.root, `${node.path}/.git`) !== null) {
        finds.nodes.push(node)
        await keepWhole(finds, node)
      } else if (ignored?.has(node.path) === true) left.push(node)
      else {
        keep(finds, node)
        if (!enter) continue
        for (const name of list(finds.root, node.path)) {
          const inner = look(finds.root, `${node.path}/${name}`)
          weigh(finds, inner)
          next.push(inner)
        }
      }
    }
    level = next
  }
  return left
}

function tellSilence({ warnings }: Finds): void {
  const text = 'Git did not say what is ignored in the lane: from there on everything was archived.'
  if (!warnings.includes(text)) warnings.push(text)
}

/** What is archived although it is ignored. */
export interface Wanted {
  readonly globs: readonly string[]
  /** latin1. */
  readonly paths: readonly string[]
  /** A private directory for small temporary files. */
  readonly scratch: string
}

/**
 * Archives those of the ignored nodes that are wanted; returns the rest. A directory that is kept in part
 * stays in the rest.
 */
export async function keepAmongLeftOut(
  rules: IgnoreRules,
  finds: Finds,
  left: readonly Node[],
  wanted: Wanted,
): Promise<Node[]> {
  if (left.length === 0) return [...left]
  const rest = new Map(left.map((node) => [node.path, node]))
  const taken = new Set<string>()
  const matches = wanted.globs.length === 0 ? [] : await rules.matching(wanted.globs, wanted.scratch)
  if (matches === null) tellSilence(finds)
  for (const match of [...(matches ?? rest.keys()), ...wanted.paths]) {
    const path = match.replace(/\/$/, '')
    const top = [path, ...directoriesAbove(path, '').toReversed()].find((candidate) => rest.has(candidate))
    const units = top === undefined ? [...rest.keys()].filter((unit) => unit.startsWith(`${path}/`)) : [path]
    for (const unit of units) {
      const above = directoriesAbove(unit, top ?? unit)
      if (!isThere(finds, unit, above)) continue
      for (const directory of above) take(finds, taken, directory)
      const node = take(finds, taken, unit)
      if (node?.type === 'directory' && mayEnter(finds, node)) await keepWhole(finds, node)
      rest.delete(unit)
    }
  }
  return [...rest.values()]
}

/** Not behind a link, which leads out of the lane. The outermost directory is looked at first. */
function isThere({ root }: Finds, path: string, above: readonly string[]): boolean {
  return above.every((one) => lookFor(root, one)?.type === 'directory') && lookFor(root, path) !== null
}

function take(finds: Finds, taken: Set<string>, path: string): Node | null {
  if (taken.has(path)) return null
  taken.add(path)
  const node = look(finds.root, path)
  keep(finds, node)
  return node
}

export function tallyLeftOut(root: string, left: readonly Node[]): LeftOut {
  let files = 0
  let bytes = 0
  let looks = 0
  const stack = [...left]
  for (let node = stack.pop(); node !== undefined && looks < COUNT_AT_MOST; node = stack.pop()) {
    looks += 1
    if (node.type !== 'directory') {
      files += 1
      bytes += node.stat.size
      continue
    }
    for (const name of list(root, node.path).slice(0, COUNT_AT_MOST)) {
      const child = lookFor(root, `${node.path}/${name}`)
      if (child !== null) stack.push(child)
    }
  }
  const paths = left.slice(0, 100).map((node) => node.path)
  return { paths, total: left.length, files, bytes, counted: looks < COUNT_AT_MOST }
}

/** For the directories above a path that is kept within one that is left out. */
function directoriesAbove(path: string, top: string): string[] {
  const above: string[] = []
  for (let parent = parentOf(path); parent.length >= top.length && parent !== ''; parent = parentOf(parent))
    above.unshift(parent)
  return above
}
