import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runsRepositoryCode } from '../../board/own-command.ts'

/** The settings that make git run a program on what it finds in a work tree (gitattributes(5)). */
export const DRIVERS =
  '^(filter\\..*\\.(clean|smudge|process)|diff\\..*\\.(textconv|command)|merge\\..*\\.driver)$'

/**
 * Settings that switch those drivers off whose program lies in the repository itself: git of ours outside of walls runs
 * no landed code. Files with such a filter are then read and written as git stores them.
 * @param listed what `git config -z --get-regexp` answered about `DRIVERS`
 */
export function withoutOwnDrivers(listed: string, workTree: string): string[] {
  const off: string[] = []
  for (const entry of listed.split('\0')) {
    const [key = '', command = ''] = entry.split(/\n(.*)/s)
    if (key === '' || !runsRepositoryCode(command, (path) => existsSync(join(workTree, path)))) continue
    off.push(`${key}=`)
    const filter = /^filter\.(.*)\.\w+$/.exec(key)?.[1]
    if (filter !== undefined) off.push(`filter.${filter}.required=false`)
  }
  return off
}
