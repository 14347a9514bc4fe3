import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a repository's own configuration says about where its checkout is. */
export interface CoreSettings {
  readonly bare: boolean
  /** Path of the main worktree, as written: relative to the git directory, or absolute. */
  readonly worktree: string | null
}

/**
 * core.bare and core.worktree of the repository itself, read without git, which takes 3 ms. `config.worktree` counts
 * too: with extensions.worktreeConfig git moves these two there (git-worktree(1)). Included files do not: git reads
 * both keys before it knows about includes (`check_repository_format_gently`, setup.c).
 */
export function coreSettings(commonDir: string): CoreSettings {
  const found = new Map<string, string>()
  for (const name of ['config', 'config.worktree'])
    for (const [key, value] of coreEntries(textOf(join(commonDir, name)))) found.set(key, value)
  return {
    bare: /^(true|yes|on|1)$/i.test(found.get('bare') ?? ''),
    worktree: found.get('worktree') ?? null,
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The lines of the section [core], by git-config(1): names in any case, `bare` alone means true. */
function coreEntries(text: string): [key: string, value: string][] {
  const entries: [string, string][] = []
  let inCore = false
  for (const line of text.split('\n')) {
    const section = /^\s*\[([^\]]*)\]\s*(.*)$/.exec(line)
    if (section !== null) inCore = section[1]?.trim().toLowerCase() === 'core'
    const entry = /^\s*(bare|worktree)\s*(?:=\s*(.*?)\s*)?$/i.exec(section?.[2] ?? line)
    if (inCore && entry !== null) entries.push([entry[1]?.toLowerCase() ?? '', plain(entry[2] ?? 'true')])
  }
  return entries
}

/** Without comments and quotes, which git writes around a path with a `;`, `#` or spaces at its ends. */
function plain(value: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(value)?.[1]
  if (quoted !== undefined) return quoted.replace(/\\(.)/g, '$1')
  return value.replace(/\s*[#;].*$/, '').replace(/\\(.)/g, '$1')
}
