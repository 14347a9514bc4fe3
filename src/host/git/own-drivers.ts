import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { runsRepositoryCode } from '../../board/own-command.ts'
import type { Setting } from './settings.ts'

/** The settings that make git run a program on what it finds in a work tree (gitattributes(5)), or to sign a commit. */
const DRIVERS =
  /^(filter\..*\.(clean|smudge|process)|diff\..*\.(textconv|command)|merge\..*\.driver|gpg\.(.*\.)?program)$/s

/**
 * Settings that switch those drivers off whose program lies in the repository itself: git of ours outside of walls runs
 * no landed code. Files with such a filter are then read and written as git stores them; no commit can be signed.
 */
export function withoutOwnDrivers(
  settings: readonly Setting[],
  { workTree, commonDir }: { readonly workTree: string | undefined; readonly commonDir: string },
): string[] {
  const checkout = basename(commonDir) === '.git' ? [dirname(commonDir)] : []
  const places = [...(workTree === undefined ? [] : [workTree]), ...checkout]
  const isFile = (path: string): boolean => places.some((place) => existsSync(join(place, path)))
  const isInside = (path: string): boolean => {
    const whole = resolve('/', path.replace(/^(~|\$HOME|\$\{HOME\})(?=\/)/, homedir()))
    return places.some((place) => whole.startsWith(`${place}/`))
  }
  const off: string[] = []
  for (const [key, command] of settings) {
    if (!DRIVERS.test(key) || !runsRepositoryCode(command, isFile, isInside)) continue
    off.push(`${key}=`)
    const filter = /^filter\.(.*)\.\w+$/.exec(key)?.[1]
    if (filter !== undefined) off.push(`filter.${filter}.required=false`)
  }
  return off
}
