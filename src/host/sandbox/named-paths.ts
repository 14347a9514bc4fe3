import { realpathSync, type Stats, statSync } from 'node:fs'
import { dirname, normalize } from 'node:path'
import type { Bind } from './bubblewrap.ts'
import { type Hidden, isIn } from './system.ts'

/**
 * What a command line names by its absolute path can be read inside: who writes `node /opt/agents/run.mjs` means the
 * script to run. With a script comes the directory that it lies in, for what it loads, unless that is or holds what
 * stays hidden. Nothing in a lane: what an agent puts there may be a link to anything.
 */
export function namedPaths(command: string, hidden: Hidden): Bind[] {
  const { home, root, commonDir, lanes } = hidden
  const words = command.split(/[\s"'`;&|()<>=]+/).map((word) => word.replace(/^~(?=\/)/, home))
  const found = new Set<string>()
  for (const word of words) {
    if (!word.startsWith('/') || word === '/') continue
    const stat = lookAt(word)
    if (stat === undefined || SYSTEM.test(word)) continue
    if ([word, realpathSync(word)].some((place) => isIn(normalize(place), lanes))) continue
    const directory = stat.isDirectory() ? word : dirname(word)
    const tooMuch =
      Object.values(hidden).some((place: string) => isIn(place, directory)) || directory === '/tmp'
    const inRepository = [root, commonDir].some((place) => isIn(directory, place))
    if (!tooMuch && !inRepository) found.add(directory)
    else if (stat.isFile()) found.add(word)
  }
  return [...found].map((from) => ({ from }))
}

/** A command may name anything, also what we may not look at or what can be no path: that is just not shown. */
function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** Shown already, or never: devices and the like. */
const SYSTEM = /^\/(usr|bin|sbin|lib\w*|opt|etc|proc|sys|dev|run)(\/|$)/
