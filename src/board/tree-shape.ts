/** One directory in git, as far as it decides how many files it stands for and how long their paths get. */
export interface TreeNode {
  /** Entries that are no directories. */
  readonly files: number
  /** Bytes. */
  readonly longestName: number
  readonly below: readonly (readonly [oid: string, bytesOfName: number])[]
}

/** A directory with everything below it, as a checkout would write it. */
export interface TreeShape {
  /** Files and directories; one that is reached by several paths counts as often. */
  readonly paths: number
  readonly depth: number
  /** Bytes of the longest path. */
  readonly length: number
}

/** Thirty directories of two equal entries stand for 2^30 files: a checkout or `ls-tree -r` would never end. */
const MOST_PATHS = 1_000_000
/** Checkout recurses on directories; one of 5,000 below each other crashed it (git 2.39). */
const DEEPEST = 256
/** Linux takes 4096 bytes of a path, the lane's own among them. */
const LONGEST_PATH = 3000

const NOTHING: TreeShape = { paths: 0, depth: 0, length: 0 }

/** Why what lies in a directory is more than a checkout can write; null where it is not. */
function whyTooLarge({ paths, depth, length }: TreeShape): string | null {
  if (paths > MOST_PATHS) return `it stands for more than ${MOST_PATHS.toLocaleString('en')} files`
  return depth > DEEPEST || length > LONGEST_PATH ? 'its directories are too deep' : null
}

/**
 * The shape of every directory, from those of the directories in it; `known` holds shapes from before, and gets these. Stops at the first that is too large: the reason.
 * Directories that are not among them count as empty; none can be its own ancestor.
 */
export function whyShapeless(
  trees: ReadonlyMap<string, TreeNode>,
  known: Map<string, TreeShape> = new Map(),
): string | null {
  for (const root of trees.keys()) {
    const waiting = known.has(root) ? [] : [root]
    for (let oid = waiting.at(-1); oid !== undefined; oid = waiting.at(-1)) {
      const tree = trees.get(oid)
      const next = tree?.below.find(([child]) => trees.has(child) && !known.has(child))
      if (next !== undefined) {
        if (waiting.push(next[0]) > DEEPEST + 1) return 'its directories are too deep'
        continue
      }
      waiting.pop()
      if (tree === undefined) continue
      const shape = shapeOf(tree, known)
      const why = whyTooLarge(shape)
      if (why !== null) return why
      known.set(oid, shape)
    }
  }
  return null
}

function shapeOf(tree: TreeNode, known: ReadonlyMap<string, TreeShape>): TreeShape {
  let paths = tree.files
  let depth = 1
  let length = tree.longestName
  for (const [child, name] of tree.below) {
    const below = known.get(child) ?? NOTHING
    paths += 1 + below.paths
    depth = Math.max(depth, below.depth + 1)
    length = Math.max(length, name + 1 + below.length)
  }
  return { paths, depth, length }
}
