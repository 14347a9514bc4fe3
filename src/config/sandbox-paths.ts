import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { usageAt } from './place.ts'
import type { Settings } from './settings.ts'
import type { YamlSource } from './yaml-source.ts'

/** What no lane may see as a whole, besides the directory of the lanes. */
export interface KeptPlaces {
  readonly home: string
  /** The main checkout. */
  readonly root: string
  readonly commonDir: string
}

/**
 * Walls stand around these places, and a path that is one of them, or holds one, would take the walls away or could not
 * be mounted. Links are followed: they are where the mount is made too.
 * @throws UsageError
 */
export function refuseKeptPlaces(source: YamlSource, settings: Settings, places: KeptPlaces): void {
  const { home, root, commonDir } = places
  const kept: readonly (readonly [what: string, path: string])[] = [
    ['HOME', home],
    ['the main checkout', root],
    ["git's own directory", commonDir],
    ['the directory of the lanes', resolve(root, settings.lanes.directory)],
  ]
  for (const key of ['read', 'write'] as const)
    for (const [at, text] of settings.sandbox[key].entries()) {
      const path = text.replace(/^~(?=\/)/, home)
      const what = kept.find(([, place]) => holds(path, place))?.[0]
      const inGit = holds(commonDir, path) ? "lies in git's own directory" : undefined
      const why = what === undefined ? inGit : `is ${what} or holds it`
      if (why === undefined) continue
      throw usageAt(
        source.place(['sandbox', key, at]),
        `sandbox.${key}[${at}] ${why}, which lanes must not reach.`,
        `Name what they need of it, such as: ${key}: ["~/.cache/pip"]`,
      )
    }
}

/** By name, or where links lead. */
function holds(directory: string, path: string): boolean {
  const around = [resolve(directory), real(directory)].map((one) => (one === '/' ? one : `${one}/`))
  return [resolve(path), real(path)].some((one) => around.some((start) => `${one}/`.startsWith(start)))
}

/** As the kernel goes, `..` behind a link too. What is not there leads nowhere. */
function real(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    return resolve(path)
  }
}
