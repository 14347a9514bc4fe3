import { git } from '../git/git.ts'
import { branchTip } from '../git/refs.ts'
import { readSummary } from './manifest-file.ts'

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

/** How an archive stands to its base. */
export interface Containment {
  /** Whether base has every commit that the archive keeps. */
  readonly contained: boolean
  /** Whether it holds what was changed in the lane after its work was handed in. */
  readonly late: boolean
}

/**
 * For each archive, by ref prefix, whether its base has it all. Null: the base is gone, the manifest cannot be read, or
 * a ref of the archive is not where it was put. Two processes, and one more for each further base. Trees and blobs,
 * which hold what was staged, are in no history and do not count.
 */
export async function containedInBase(
  commonDir: string,
  archives: readonly ArchivePlace[],
): Promise<Map<string, Containment | null>> {
  if (archives.length === 0) return new Map()
  const refs = await archiveRefs(commonDir)
  const unmerged = new Map<string, ReadonlySet<string> | null>()
  for (const base of new Set(archives.map((archive) => archive.base)))
    unmerged.set(base, await unmergedRefs(commonDir, base))
  const answers = new Map<string, Containment | null>()
  for (const { directory, refPrefix, base } of archives)
    answers.set(refPrefix, await containment(directory, refs, unmerged.get(base) ?? null))
  return answers
}

async function containment(
  directory: string,
  refs: ReadonlyMap<string, string>,
  unmerged: ReadonlySet<string> | null,
): Promise<Containment | null> {
  const manifest = await readSummary(directory).catch(() => null)
  if (manifest === null || unmerged === null) return null
  if (manifest.refs.some(({ ref, oid }) => refs.get(ref) !== oid)) return null
  return {
    contained: !manifest.refs.some(({ ref }) => unmerged.has(ref)),
    late: (manifest.late ?? []).length > 0,
  }
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
