import { type BigIntStats, statSync } from 'node:fs'
import { join } from 'node:path'
import { isPlain, type SharedState, safeKey } from '../../board/shared-state.ts'
import { git, splitZero } from './git.ts'
import { CONFIG_FILES, digest, hookNames, listed, readSharedFiles } from './shared-files.ts'

const FILES = [...CONFIG_FILES, 'objects/info/alternates', 'info/attributes', 'packed-refs']
/** Ours, and what every fetch moves. */
const QUIET_REFS = ['worklane', 'remotes']

/**
 * A text that differs when anything of the shared state may have changed, from `stat` and directory listings alone: no
 * process, and no file is read. Writing a ref replaces its file, which changes the directory around it
 * (gitrepository-layout(5)).
 */
export function glanceAtShared(commonDir: string): string {
  const files = FILES.map((name) => stamp(join(commonDir, name)))
  const hooks = hookNames(commonDir).map((name) => `${name} ${stamp(join(commonDir, 'hooks', name))}`)
  return [...files, ...hooks, ...refDirectories(join(commonDir, 'refs'))].join('\n')
}

function stamp(path: string): string {
  const stat = statOf(path)
  return stat === undefined ? '-' : [stat.ino, stat.size, stat.mode, stat.mtimeNs, stat.ctimeNs].join(':')
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function refDirectories(refs: string): string[] {
  const below = (directory: string, quiet: readonly string[]): string[] => [
    `${directory} ${stamp(directory)}`,
    ...listed(directory)
      .filter((entry) => entry.isDirectory() && !quiet.includes(entry.name))
      .flatMap((entry) => below(join(directory, entry.name), [])),
  ]
  return below(refs, QUIET_REFS)
}

/** All of it, read now: two or three processes of git. */
export async function readShared(commonDir: string): Promise<SharedState> {
  const [config, refs] = await Promise.all([configOf(commonDir), refsOf(commonDir)])
  return { ...readSharedFiles(commonDir), ...config, refs }
}

/** As the files say themselves: what they include is another file's business, and the key that includes it is here. */
async function configOf(commonDir: string): Promise<Pick<SharedState, 'config' | 'values'>> {
  const values = new Map<string, string[]>()
  for (const name of CONFIG_FILES)
    for (const [key, value] of await entriesOf(commonDir, name)) {
      const known = values.get(key)
      if (known === undefined) values.set(key, [value])
      else known.push(value)
    }
  const entries = [...values].sort()
  return {
    config: Object.fromEntries(entries.map(([key, all]) => [key, digest(JSON.stringify(all))])),
    // The last one counts (git-config(1)).
    values: Object.fromEntries(
      entries.filter(([key]) => isPlain(key)).map(([key, all]) => [key, all.at(-1) ?? '']),
    ),
  }
}

async function entriesOf(commonDir: string, name: string): Promise<[key: string, value: string][]> {
  const file = join(commonDir, name)
  if (statOf(file) === undefined) return []
  const args = ['config', '--file', file, '--no-includes', '--list', '-z']
  const { stdout } = await git({ gitDir: commonDir }, args)
  return splitZero(stdout).map((entry) => {
    const [key = '', ...value] = entry.split('\n')
    return [safeKey(key), value.join('\n')]
  })
}

/** In one process, whatever their number. */
async function refsOf(commonDir: string): Promise<Record<string, string>> {
  const format = '--format=%(refname) %(objectname)'
  const { stdout } = await git({ gitDir: commonDir }, ['for-each-ref', format])
  const pairs = stdout.split('\n').flatMap((line): [string, string][] => {
    const [ref = '', oid = ''] = line.split(' ')
    return ref === '' || QUIET_REFS.includes(ref.split('/')[1] ?? '') ? [] : [[ref, oid]]
  })
  return Object.fromEntries(pairs)
}
