import { git } from '../git/git.ts'
import type { Entry } from './manifest.ts'
import type { Node } from './walk.ts'

interface Found {
  readonly nodes: readonly Node[]
  readonly entries: readonly Entry[]
  /** The commit of HEAD. */
  readonly head: string | null
}

/**
 * Files of a lane that were changed after its work was handed in, and are not as HEAD has them: they are part of
 * nothing. By ctime, which programs cannot set back.
 */
export async function lateFiles(commonDir: string, since: number, found: Found): Promise<string[]> {
  const late = new Set(found.nodes.filter(({ stat }) => stat.ctimeMs > since).map(({ path }) => path))
  const isContent = ({ area, type }: Entry): boolean =>
    area === 'files' && (type === 'file' || type === 'symlink')
  const entries = found.entries.filter((entry) => late.has(entry.path) && isContent(entry))
  const known = entries.some(({ oid }) => oid !== null) ? await blobsOf(commonDir, found.head) : new Set()
  return entries.filter(({ oid }) => oid === null || !known.has(oid)).map(({ path }) => path)
}

async function blobsOf(commonDir: string, commit: string | null): Promise<ReadonlySet<string>> {
  if (commit === null) return new Set()
  const { stdout } = await git({ gitDir: commonDir }, [
    'ls-tree',
    '-r',
    '-z',
    '--format=%(objectname)',
    commit,
  ])
  return new Set(stdout.split('\0'))
}
