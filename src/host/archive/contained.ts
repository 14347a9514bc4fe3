import { git } from '../git/git.ts'
import { branchTip } from '../git/refs.ts'
import { readManifest } from './manifest.ts'

/** One archive, and the branch that its commits were to land on. */
export interface ArchivePlace {
  readonly directory: string
  readonly refPrefix: string
  /** Short name. */
  readonly base: string
}

/** All refs of all archives: full name → object. One process however many there are. */
export async function archiveRefs(commonDir: string): Promise<Map<string, string>> {
  const lines = await refLines(commonDir, '%(refname) %(objectname)')
  return new Map(lines.map((line) => line.split(' ') as [string, string]))
}

/**
 * For each archive whether its base contains every commit that the archive keeps, by ref prefix. Null: the base is
 * gone, the manifest cannot be read, or a ref of the archive is not where it was put. Two processes, and one more for
 * each further base. Trees and blobs, which hold what was staged, are in no history and do not count.
 */
export async function containedInBase(
  commonDir: string,
  archives: readonly ArchivePlace[],
): Promise<Map<string, boolean | null>> {
  if (archives.length === 0) return new Map()
  const refs = await archiveRefs(commonDir)
  const unmerged = new Map<string, ReadonlySet<string> | null>()
  for (const base of new Set(archives.map((archive) => archive.base)))
    unmerged.set(base, await unmergedRefs(commonDir, base))
  const answers = new Map<string, boolean | null>()
  for (const { directory, refPrefix, base } of archives)
    answers.set(refPrefix, await isContained(directory, refs, unmerged.get(base) ?? null))
  return answers
}

async function isContained(
  directory: string,
  refs: ReadonlyMap<string, string>,
  unmerged: ReadonlySet<string> | null,
): Promise<boolean | null> {
  const manifest = await readManifest(directory).catch(() => null)
  if (manifest === null || unmerged === null) return null
  if (manifest.refs.some(({ ref, oid }) => refs.get(ref) !== oid)) return null
  return !manifest.refs.some(({ ref }) => unmerged.has(ref))
}

async function unmergedRefs(commonDir: string, base: string): Promise<ReadonlySet<string> | null> {
  const tip = await branchTip({ gitDir: commonDir }, base)
  return tip === null ? null : new Set(await refLines(commonDir, '%(refname)', `--no-merged=${tip}`))
}

async function refLines(commonDir: string, format: string, ...filter: readonly string[]): Promise<string[]> {
  const args = ['for-each-ref', ...filter, `--format=${format}`, 'refs/worklane/archive']
  const { stdout } = await git({ gitDir: commonDir }, args)
  return stdout.split('\n').filter((line) => line !== '')
}
