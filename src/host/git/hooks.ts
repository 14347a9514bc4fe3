import { readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { settingsOf } from './git.ts'
import type { Setting } from './settings.ts'

interface Place {
  /** The main checkout. */
  readonly root: string
  readonly commonDir: string
}

/** Where the project has its hooks: git's own place, a path as a lane has it, or where no lane reaches. */
export type Hooks = 'own' | { readonly inside: string } | { readonly outside: string }

export function hooksOf({ root, commonDir }: Place, settings: readonly Setting[]): Hooks {
  const path = settings.findLast(([key]) => key === 'core.hookspath')?.[1] ?? ''
  const whole = resolve(root, path.replace(/^~(?=\/)/, homedir()))
  if (path === '' || whole === join(commonDir, 'hooks')) return 'own'
  const inside = relative(root, whole)
  return inside.startsWith('..') || isAbsolute(inside) ? { outside: whole } : { inside }
}

/** The directory with hooks that run in the main checkout and not inside of walls; null: there is none. */
export async function hooksLeftOut(place: Place): Promise<string | null> {
  const hooks = hooksOf(place, await settingsOf(place.commonDir))
  return hooks === 'own' || 'inside' in hooks || !holdsHooks(hooks.outside) ? null : hooks.outside
}

function holdsHooks(directory: string): boolean {
  try {
    return readdirSync(directory).some((name) => /^[a-z-]+$/.test(name))
  } catch {
    return false
  }
}
