import { whyHostile } from '../../board/tree-names.ts'
import { type TreeNode, type TreeShape, whyShapeless } from '../../board/tree-shape.ts'
import { refused } from './collect.ts'
import { type ListedObject, type ObjectReader, openObjects, type Quarantined } from './object-reader.ts'

/** Bounds of what is taken in at once. */
export interface GateLimits {
  /** Bytes of one file. */
  readonly file: number
}

/** Bytes of a commit or a tag: every `git log` reads them into memory. */
const LONGEST_MESSAGE = 1_000_000
/** Bytes and number of new directories, and directories in directories: all that we keep of them in memory. */
const BYTES_OF_TREES = 64 * 1024 * 1024
const MOST_TREES = 50_000
const MOST_LINKS = 250_000
/** Bytes of trees that git is asked for at once. */
const PART = 1024 * 1024

/**
 * Shapes of directories that were looked at before: the whole of a repository once, and then what is new. A name stands
 * for the same content for ever.
 */
const shapes = new Map<string, TreeShape>()
const MOST_SHAPES = 1_000_000

/**
 * Looks at every object in a quarantine before any ref names it: sizes, names, depths and how much a checkout of it
 * would write. That they are well-formed and linked was seen when they were unpacked. `head` has to be a commit.
 * @throws Fault `import-refused`
 */
export async function inspect(place: Quarantined, head: string | null, limits: GateLimits): Promise<void> {
  await using reader = await openObjects(place)
  const trees = await newTrees(reader, limits)
  for await (const { type } of reader.read(head === null ? [] : [head]))
    if (type !== 'commit') throw refused(`its HEAD is a ${type}`)
  const found = new Map<string, TreeNode>()
  let links = 0
  const keep = (oid: string, node: TreeNode): void => {
    found.set(oid, node)
    links += 1 + node.below.length
    if (links > MOST_LINKS) throw refused('its directories are too many')
  }
  for (const part of inParts(trees))
    for await (const { oid, type, bytes } of reader.read(part))
      keep(oid, readTree(type, bytes, oid.length / 2, true))
  if (shapes.size > MOST_SHAPES) shapes.clear()
  await addOld(reader, found)
  const why = whyShapeless(found, shapes)
  if (why !== null) throw refused(why)
}

/** Sizes of all that is new; answers the directories. */
async function newTrees(reader: ObjectReader, limits: GateLimits): Promise<ListedObject[]> {
  const trees: ListedObject[] = []
  let bytes = 0
  for await (const object of reader.list()) {
    const { type, size } = object
    if (type === 'blob' && size > limits.file) throw refused(tooLarge('a file', size, limits))
    if ((type === 'commit' || type === 'tag') && size > LONGEST_MESSAGE)
      throw refused(`it has a ${type} of ${Math.round(size / 1e6)} MB`)
    if (type !== 'tree') continue
    trees.push(object)
    bytes += size
    if (bytes > BYTES_OF_TREES || trees.length > MOST_TREES) throw refused('its directories are too many')
  }
  return trees
}

function tooLarge(what: string, size: number, limits: GateLimits): string {
  return `it has ${what} of ${Math.round(size / 1e6)} MB (sandbox.largestFile allows ${Math.round(limits.file / 1e6)} MB)`
}

function* inParts(trees: readonly ListedObject[]): Generator<string[]> {
  let part: string[] = []
  let bytes = 0
  for (const { oid, size } of trees) {
    if (bytes > 0 && bytes + size > PART) {
      yield part
      part = []
      bytes = 0
    }
    part.push(oid)
    bytes += size
  }
  if (part.length > 0) yield part
}

/**
 * The directories of the repository that the new ones lead to: each was let in alone, but a new one can hold one of
 * them a thousand times, or hang it at the end of a long path.
 */
async function addOld(reader: ObjectReader, found: Map<string, TreeNode>): Promise<void> {
  const missing = (nodes: Iterable<TreeNode>): string[] => {
    const oids = new Set<string>()
    for (const { below } of nodes)
      for (const [oid] of below) if (!found.has(oid) && !shapes.has(oid)) oids.add(oid)
    return [...oids]
  }
  for (let wanted = missing(found.values()); wanted.length > 0; ) {
    const level: TreeNode[] = []
    for (let at = 0; at < wanted.length; at += 1000)
      for await (const { oid, type, bytes } of reader.read(wanted.slice(at, at + 1000))) {
        const node = readTree(type, bytes, oid.length / 2, false)
        found.set(oid, node)
        level.push(node)
      }
    wanted = missing(level)
  }
}

/** `<mode> <name>\0<oid>` after each other (git: tree-walk.c). What is old may have been written by an older git. */
function readTree(type: string, bytes: Buffer, width: number, isNew: boolean): TreeNode {
  if (type !== 'tree') throw refused(`a ${type} is in it where a directory should be`)
  const below: [string, number][] = []
  let longestName = 0
  let files = 0
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at)
    const end = bytes.indexOf(0, space)
    if (space === -1 || end === -1 || end + width >= bytes.length + 1)
      throw refused('a directory in it is damaged')
    const mode = bytes.toString('latin1', at, space)
    if (isNew) {
      const why = whyHostile({ mode, name: bytes.toString('latin1', space + 1, end) })
      if (why !== null) throw refused(`it has ${why}`)
    }
    const length = end - space - 1
    longestName = Math.max(longestName, length)
    if (/^0?40000$/.test(mode)) below.push([bytes.toString('hex', end + 1, end + 1 + width), length])
    else files += 1
    at = end + 1 + width
  }
  return { files, below, longestName }
}
