import { execa } from 'execa'
import type { Setting } from './settings.ts'

/**
 * Where git-lfs cannot get a file, its pointer stays in its place, as in the checkout of a person who has not got it
 * either; where git of ours has no network that is known at once, and not after eight more attempts in a minute.
 */
const LFS: readonly Setting[] = [
  ['lfs.skipdownloaderrors', 'true'],
  ['lfs.transfer.maxretries', '1'],
]

/**
 * Filters whose programs the machine has, such as git-lfs, for git that sees no settings of the user. One that lies in
 * the repository is the lane's own code.
 */
export async function filterSettings(settings: readonly Setting[]): Promise<Setting[]> {
  const found: Setting[] = []
  for (const [key, value] of settings) {
    const [, field] = /^filter\..*\.(clean|smudge|process|required)$/s.exec(key) ?? []
    if (field === 'required' || (field !== undefined && (await isProgram(value)))) found.push([key, value])
  }
  return found.length === 0 ? [] : [...found, ...LFS]
}

/** The same as text of a configuration. */
export async function filterConfig(settings: readonly Setting[]): Promise<string[]> {
  return (await filterSettings(settings)).flatMap(([key, value]) => {
    const [, section = '', name, field = ''] = /^(\w+)\.(?:(.*)\.)?(\w+)$/s.exec(key) ?? []
    return [`[${section}${name === undefined ? '' : ` ${quoted(name)}`}]`, `\t${field} = ${quoted(value)}`]
  })
}

/** Quoted as in git-config(1); control characters have no place in any of these. */
export function quoted(value: string): string {
  return `"${value.replace(/\p{Cc}/gu, ' ').replace(/["\\]/g, '\\$&')}"`
}

const programs = new Map<string, Promise<boolean>>()

async function isProgram(command: string): Promise<boolean> {
  const [first = ''] = command.trim().split(/\s+/)
  if (!/^[\w.+-]+$/.test(first)) return false
  const known =
    programs.get(first) ??
    execa('sh', ['-c', 'command -v "$1"', 'sh', first], { reject: false, cwd: '/', stdin: 'ignore' }).then(
      ({ exitCode }) => exitCode === 0,
    )
  programs.set(first, known)
  return await known
}
