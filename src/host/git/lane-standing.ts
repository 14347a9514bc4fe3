import { type GitPlace, gitBytes, splitZero } from './git.ts'
import { NONE_IGNORED } from './lane-state.ts'

/** What a worktree is at. */
export interface Standing {
  readonly head: string
  /** Short name; null: HEAD is detached. */
  readonly branch: string | null
  /** Nothing staged, changed, conflicted or untracked; what is ignored does not count. */
  readonly clean: boolean
}

/** Milliseconds. */
const PATIENCE = 60_000

/** Takes no lock and changes nothing. The headers are those of git-status(1), porcelain format version 2. */
export async function standingOf(place: GitPlace): Promise<Standing> {
  const args = ['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=all', '--no-renames']
  const { stdout } = await gitBytes(place, [...args, NONE_IGNORED], { timeout: PATIENCE })
  const entries = splitZero(stdout)
  const header = (name: string): string =>
    entries.find((entry) => entry.startsWith(`# ${name} `))?.slice(name.length + 3) ?? ''
  const branch = header('branch.head')
  return {
    head: header('branch.oid'),
    branch: branch === '(detached)' ? null : Buffer.from(branch, 'latin1').toString('utf8'),
    clean: entries.every((entry) => entry.startsWith('# ')),
  }
}

/** Files that differ between `from` and a worktree, untracked ones included; as bytes (path-bytes.ts). */
export async function touchedSince(place: GitPlace, from: string): Promise<Set<string>> {
  const changed = [
    'diff',
    '--name-only',
    '-z',
    '--no-ext-diff',
    '--no-textconv',
    '--no-renames',
    NONE_IGNORED,
  ]
  const untracked = ['ls-files', '-z', '--others', '--exclude-standard']
  const answers = await Promise.all(
    [[...changed, from, '--'], untracked].map(async (args) => await gitBytes(place, args)),
  )
  return new Set(answers.flatMap(({ stdout }) => splitZero(stdout)))
}
