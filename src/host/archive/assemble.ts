import type { Administration } from './administration.ts'
import type { Catalog } from './describe.ts'
import { type Known, permissionsOf } from './finds.ts'
import { type GitIndex, isFileMode } from './index-file.ts'
import type { Entry, Manifest, Pin, Tar } from './manifest.ts'
import { readable } from './paths.ts'
import type { GitObject } from './pins.ts'
import type { Survey } from './survey.ts'

/** The commits that are pinned by name, where they exist. */
export function namedCommits(branch: string, objects: ReadonlyMap<string, GitObject>): Map<string, string> {
  const named = new Map<string, string>()
  const head = objects.get('HEAD')
  const tip = objects.get(`refs/heads/${branch}`)
  if (head !== undefined) named.set('head', head.oid)
  if (tip !== undefined) named.set('branch', tip.oid)
  return named
}

/**
 * What files may be brought back from: blobs of the fill, which its tree keeps, and those of the present index that
 * exist, which the archive's own tree keeps.
 */
export function catalogOf(
  facts: Known,
  objects: ReadonlyMap<string, GitObject>,
  held: ReadonlySet<string>,
  survey: Survey,
): Catalog {
  const pinned = new Set<string>()
  for (const { mode, oid } of facts.checkedOut.values()) if (isFileMode(mode)) pinned.add(oid)
  for (const oid of held) if (objects.get(oid)?.type === 'blob') pinned.add(oid)
  const [first = ''] = pinned
  const { unproven, modes } = survey
  const format = first.length === 64 ? 'sha256' : 'sha1'
  return { format, pinned, checkedOut: facts.checkedOut, unproven, modes }
}

/** Everything that an archive was made from. */
export interface Parts {
  readonly input: {
    readonly path: string
    readonly formerPath?: string
    readonly adminDir: string
    readonly branch: string
    readonly keep?: readonly Pin[]
  }
  readonly facts: Known
  readonly present: GitIndex | null
  readonly administration: Administration
  readonly survey: Survey
  readonly objects: ReadonlyMap<string, GitObject>
  readonly entries: readonly Entry[]
  readonly refs: readonly Pin[]
  readonly tars: readonly Tar[]
  readonly late: readonly string[]
}

/** Pure. */
export function manifestOf(parts: Parts): Manifest {
  const { input, facts, administration, survey, objects, entries } = parts
  const files = entries.filter((entry) => entry.area === 'files')
  const told = new Set(files.map((entry) => entry.path))
  const deleted = [...facts.checkedOut.keys()].filter((path) => !survey.pristine.has(path) && !told.has(path))
  const come = (from: Entry['from']): number =>
    files.filter((entry) => entry.from === from && entry.type !== 'directory').length
  return {
    version: 1,
    lane: {
      path: input.formerPath ?? input.path,
      admin: input.adminDir.slice(input.adminDir.lastIndexOf('/') + 1),
      branch: input.branch,
      branchTip: objects.get(`refs/heads/${input.branch}`)?.oid ?? null,
      head: { ref: administration.headRef, oid: objects.get('HEAD')?.oid ?? null },
    },
    refs: [...parts.refs],
    fill: facts.fill !== null,
    modes: { ...survey.modes, root: permissionsOf(survey.root) },
    entries: [...entries],
    deleted,
    leftOut: { ...survey.leftOut, paths: [...survey.leftOut.paths] },
    warnings: [...survey.warnings, ...warnings(parts)],
    late: [...parts.late],
    imports: [...(input.keep ?? [])],
    counts: { pristine: survey.pristine.size, blob: come('blob'), tar: come('tar') },
    tars: [...parts.tars],
  }
}

function warnings({ present, administration, objects, entries }: Parts): string[] {
  const said: string[] = []
  if (present === null && entries.some((entry) => entry.area === 'git' && entry.path === 'index'))
    said.push('The index is damaged: it was archived as it is, without what is staged only there.')
  if (administration.headRef === null && !objects.has('HEAD')) said.push('HEAD cannot be read.')
  for (const path of administration.innerWorktrees)
    said.push(`${readable(path)} is a worktree of its own: its branch was not archived, its files were.`)
  if (entries.some((entry) => entry.area === 'dotgit'))
    said.push('The lane has a .git of its own in place of its link; it was archived beside the files.')
  return said
}
