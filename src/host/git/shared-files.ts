import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type SharedState, safeKey } from '../../board/shared-state.ts'

export const CONFIG_FILES: readonly string[] = ['config', 'config.worktree']

/** What of it can be read without git: what `status` has time for. */
export function readSharedFiles(commonDir: string): Omit<SharedState, 'config' | 'values' | 'refs'> {
  const hooks = hookNames(commonDir).map((name) => [name, hookDigest(join(commonDir, 'hooks', name))])
  const alternates = contentOf(join(commonDir, 'objects/info/alternates'))?.toString() ?? ''
  const attributes = contentOf(join(commonDir, 'info/attributes'))
  return {
    hooks: Object.fromEntries(hooks) as Record<string, string>,
    alternates: alternates.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    attributes: attributes === null ? null : digest(attributes),
    lines: configLines(commonDir),
  }
}

/** What it does, and whether git would run it. */
function hookDigest(path: string): string {
  const mode = lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0
  return digest(`${(mode & 0o111) !== 0}\0`, contentOf(path) ?? '')
}

function contentOf(path: string): Buffer | null {
  try {
    return statSync(path).isFile() ? readFileSync(path) : null
  } catch {
    return null
  }
}

/** By git-config(1), roughly: sections, and keys with what stands behind them, continued lines too. */
function configLines(commonDir: string): Record<string, string> {
  const found = new Map<string, string[]>()
  for (const name of CONFIG_FILES) {
    const text =
      contentOf(join(commonDir, name))
        ?.toString()
        .replace(/\\\r?\n/g, ' ') ?? ''
    let section = ''
    for (const line of text.split('\n')) {
      const [, head, below, rest = line] =
        /^\s*\[([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\](.*)$/.exec(line) ?? []
      if (head !== undefined) section = `${head.toLowerCase()}${below === undefined ? '' : `.${below}`}`
      const [, key, value = ''] = /^\s*([A-Za-z][\w-]*)\s*(?:=\s*(.*?))?\s*$/.exec(rest) ?? []
      if (key === undefined) continue
      const full = safeKey(`${section}.${key.toLowerCase()}`)
      found.set(full, [...(found.get(full) ?? []), value])
    }
  }
  return Object.fromEntries([...found].sort().map(([key, all]) => [key, digest(JSON.stringify(all))]))
}

export function listed(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return []
  }
}

/** The samples that `git init` copies are never run. */
export function hookNames(commonDir: string): string[] {
  return listed(join(commonDir, 'hooks'))
    .map(({ name }) => name)
    .filter((name) => !name.endsWith('.sample'))
    .sort()
}

export function digest(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, 24)
}
