import { constants, lstatSync, readdirSync, type Stats } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { below, onDisk } from './paths.ts'

export type NodeType = 'file' | 'symlink' | 'directory' | 'fifo' | 'socket' | 'device'

/** One thing on disk as lstat saw it. */
export interface Node {
  /** latin1, relative to the root of the walk; '' is the root. */
  readonly path: string
  readonly type: NodeType
  readonly stat: Stats
}

/** lstat; errors of the file system pass through. */
export function look(root: string, path: string): Node {
  const stat = lstatSync(onDisk(below(root, path)))
  return { path, type: nodeType(stat.mode), stat }
}

/** As `look`, null where nothing is there. */
export function lookFor(root: string, path: string): Node | null {
  const stat = lstatSync(onDisk(below(root, path)), { throwIfNoEntry: false })
  return stat === undefined ? null : { path, type: nodeType(stat.mode), stat }
}

const TYPES: Readonly<Record<number, NodeType>> = {
  [constants.S_IFREG]: 'file',
  [constants.S_IFDIR]: 'directory',
  [constants.S_IFLNK]: 'symlink',
  [constants.S_IFIFO]: 'fifo',
  [constants.S_IFSOCK]: 'socket',
}

function nodeType(mode: number): NodeType {
  return TYPES[mode & constants.S_IFMT] ?? 'device'
}

export function list(root: string, path: string): string[] {
  return readdirSync(onDisk(below(root, path)), { encoding: 'latin1' })
}

/**
 * Everything below `start`, parents before children. `visit` says whether a directory is entered, and whether from
 * there on everything is wanted `whole`; that is also so where a `.git` lies inside (the root's own not counted).
 * Synchronous calls are several times cheaper than thread-pool ones for a warm cache, so it reads that way and lets
 * other work in every few milliseconds.
 */
export async function walk(
  root: string,
  start: string,
  visit: (node: Node, whole: boolean) => 'enter' | 'whole' | 'pass',
): Promise<void> {
  const breathe = breather()
  const stack = [{ path: start, whole: false }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const names = list(root, next.path)
    const whole = next.whole || (next.path !== '' && names.includes('.git'))
    for (const name of names) {
      const node = look(root, next.path === '' ? name : `${next.path}/${name}`)
      const answer = visit(node, whole)
      if (answer !== 'pass') stack.push({ path: node.path, whole: whole || answer === 'whole' })
    }
    await breathe()
  }
}

/** Gives the event loop a turn when the last one was more than 8 ms ago. */
export function breather(): () => Promise<void> | undefined {
  let since = performance.now()
  return () => {
    if (performance.now() - since < 8) return undefined
    return nextTurn().then(() => {
      since = performance.now()
    })
  }
}
