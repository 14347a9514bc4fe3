import { lstatSync, readFileSync, realpathSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import { resolve as resolvePath } from 'node:path'
import { crashPoint } from '../crash-point.ts'
import { Fault } from '../fault.ts'
import { type Administration, foreignDotGit, lookAtAdministration } from './administration.ts'
import { type AreaFound, describeAll, isUnchanged, packAreas, putTars } from './areas.ts'
import { catalogOf, manifestOf, namedCommits } from './assemble.ts'
import { Load, refuseBeyond, tooDeep } from './capacity.ts'
import { type Catalog, NOTHING_KNOWN } from './describe.ts'
import { known, type LanePlace } from './finds.ts'
import { lateFiles } from './late.ts'
import type { Entry, Manifest, Pin } from './manifest.ts'
import { bytesOfArchive, writeManifest } from './manifest-file.ts'
import { rawPath } from './paths.ts'
import {
  fillTree,
  type GitObject,
  indexObjects,
  planPins,
  resolveObjects,
  resolveUnworked,
  writePins,
} from './pins.ts'
import { type Fill, readFill, readPresentIndex } from './pristine.ts'
import { scratchLike, sweepScratch, withScratch } from './scratch.ts'
import { type Survey, surveyLane, unusualDirectories } from './survey.ts'
import { tarFault } from './tar.ts'

export interface ArchiveInput extends Pick<LanePlace, 'walls' | 'signal'> {
  /** The repository. */
  readonly commonDir: string
  /** The lane's own git directory, `<commonDir>/worktrees/<name>`. */
  readonly adminDir: string
  /** The lane's directory. */
  readonly path: string
  /** Where it lay, if it was renamed out of the way first: that answers at once, and nobody writes there any more. */
  readonly formerPath?: string
  /** Short name; the branch may be gone or have another name by now. */
  readonly branch: string
  /** Where the archive's refs go, such as `refs/worklane/archive/12`. */
  readonly refPrefix: string
  /** Where its files go; one directory per archive, made here, readable by us alone. */
  readonly directory: string
  /** Globs as in .gitignore: the ignored files to keep. */
  readonly keepIgnored: readonly string[]
  /** Objects that are the lane's, whatever else names them: what came out of its walls, with the names that it has. */
  readonly keep?: readonly Pin[]
  /** When the lane's work was handed in, in milliseconds since 1970: what was changed later is told apart. */
  readonly handedInAt?: number | null
  /** Its private git directory holds what did not come out of it after that. */
  readonly untaken?: boolean
  /** Commits that are kept by others, such as the tip of base. */
  readonly protect: readonly string[]
  /** Bytes of memory. Default: what there is for it. */
  readonly mostHeld?: number
}

export interface Archive {
  readonly directory: string
  readonly manifest: Manifest
  /** On the disk. */
  readonly bytes: number
  /** How many files of the lane come back otherwise than by a plain checkout. */
  readonly files: number
}

/**
 * Keeps everything of a lane that its removal would lose: files that differ from what git checked out, untracked and
 * chosen ignored ones in a tar (never in git's objects), commits under refs, the git directory. Nothing of the lane
 * is changed. Whatever works in the lane should be stopped; if something changes meanwhile it begins again, and
 * gives up with a fault after the third time. May be repeated after a crash at any point. `verifyArchive` must find
 * nothing before the lane may go.
 */
export async function archiveLane(input: ArchiveInput): Promise<Archive> {
  await prepare(input)
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    try {
      const manifest = await withScratch(
        input.directory,
        async (scratch) => await attemptOnce(input, scratch),
      )
      if (manifest !== null) return told(input.directory, manifest)
    } catch (error) {
      if (!vanished(error)) throw asFault(error)
    }
  }
  throw new Fault('The lane kept changing while it was archived.', {
    retry: 'later',
    hint: `Stop what works in ${input.path}.`,
  })
}

async function prepare(input: ArchiveInput): Promise<void> {
  for (const place of [input.path, input.adminDir]) {
    const stat = lstatSync(place, { throwIfNoEntry: false })
    if (stat?.isDirectory() !== true)
      throw new Fault(`There is no lane to archive: ${place} is not a directory.`, { retry: 'never' })
  }
  checkCommonDir(input)
  await mkdir(input.directory, { recursive: true, mode: 0o700 })
  await chmod(input.directory, 0o700)
  await sweepScratch(input.directory)
}

/** An agent can rewrite it. What the lane refers to would be looked for in another repository, and not be kept. */
function checkCommonDir({ adminDir, commonDir }: ArchiveInput): void {
  const file = `${adminDir}/commondir`
  try {
    if (realpathSync(resolvePath(adminDir, readFileSync(file, 'utf8').trim())) === realpathSync(commonDir))
      return
  } catch {
    // As wrong as one that leads elsewhere.
  }
  throw new Fault(
    `Git's own directory for the lane, ${adminDir}, does not lead to this repository any more.`,
    {
      retry: 'never',
      hint: `Put it in order and try again: ${file} must hold ../..`,
    },
  )
}

function told(directory: string, manifest: Manifest): Archive {
  const { counts } = manifest
  const bytes = bytesOfArchive(directory, manifest)
  return { directory, manifest, bytes, files: counts.blob + counts.tar }
}

/** Null when something changed while we read. */
async function attemptOnce(input: ArchiveInput, scratch: string): Promise<Manifest | null> {
  using load = new Load(input.mostHeld)
  const fill = await readFill(input.adminDir)
  const present = await readPresentIndex(input.adminDir, fill)
  const administration = await lookAtAdministration({ ...input, load })
  const facts = known(fill, present)
  const held = indexObjects(present, fill)
  const state = stateAreas(input, administration)
  refuseBeyond(state, scratchLike(input.directory))
  const stateEntries = await describeAll(state, NOTHING_KNOWN, new Set(), input.signal)
  // git and tar work on another core while we walk.
  const resolving = resolve(input, administration, held)
  const [objects, refs, statePacked, survey] = await together([
    resolving,
    resolving.then(async (found) => await pin(input, fill, found, scratch)),
    packAreas('git.tar', state, stateEntries, scratch),
    surveyLane(
      input,
      facts,
      { globs: input.keepIgnored, paths: administration.innerWorktrees, scratch },
      load,
    ),
  ])
  const lane = await laneAreas(input, survey, load)
  refuseBeyond(lane, scratchLike(input.directory))
  const catalog = catalogOf(facts, objects, held, survey)
  const laneEntries = await describeLane(lane, survey, catalog, input.signal)
  const lanePacked = await packAreas('files.tar', lane, laneEntries, scratch)
  if (!isUnchanged([...state, ...lane])) return null
  for (const packed of [statePacked, lanePacked]) if (packed.exitCode !== 0) throw tarFault(packed)
  crashPoint('archive.pinned')
  const late = await lateOf(input, survey, laneEntries, objects.get('HEAD')?.oid ?? null)
  const tars = await putTars(input.directory, scratch)
  crashPoint('archive.packed')
  const entries = [...laneEntries, ...stateEntries]
  const manifest = manifestOf({
    input,
    facts,
    present,
    administration,
    survey,
    objects,
    entries,
    refs,
    tars,
    late,
  })
  await writeManifest(input.directory, manifest)
  crashPoint('archive.written')
  return manifest
}

/** A lane that has handed nothing in has nothing late either. */
async function lateOf(
  { commonDir, handedInAt = null, untaken }: ArchiveInput,
  { nodes }: Survey,
  entries: readonly Entry[],
  head: string | null,
): Promise<string[]> {
  if (handedInAt === null) return []
  const files = await lateFiles(commonDir, handedInAt, { nodes, entries, head })
  return untaken === true ? [...files, '.git'] : files
}

/** As Promise.all, but nothing still runs when it throws. */
async function together<T extends readonly unknown[]>(
  work: {
    readonly [K in keyof T]: Promise<T[K]>
  },
): Promise<T> {
  await Promise.allSettled(work)
  return (await Promise.all(work)) as unknown as T
}

async function resolve(
  input: ArchiveInput,
  { headRef, mentioned }: Administration,
  held: ReadonlySet<string>,
): Promise<ReadonlyMap<string, GitObject>> {
  const branch = `refs/heads/${input.branch}`
  const names = new Set([...mentioned, ...held])
  const unworked = resolveUnworked(input.commonDir, { head: headRef, branch }, names, input.protect)
  if (unworked !== null) return unworked
  const refs = ['HEAD', branch, ...(headRef === null ? [] : [headRef])]
  return await resolveObjects(input.adminDir, [...new Set([...refs, ...names])])
}

async function pin(
  input: ArchiveInput,
  fill: Fill | null,
  objects: ReadonlyMap<string, GitObject>,
  scratch: string,
): Promise<Pin[]> {
  const named = namedCommits(input.branch, objects)
  if (fill !== null) named.set('fill', await fillTree(input.adminDir, fill, scratch))
  const plan = planPins(named, objects.values(), input.protect)
  return await writePins(input.commonDir, input.refPrefix, plan, input.protect)
}

async function describeLane(
  areas: readonly AreaFound[],
  survey: Survey,
  catalog: Catalog,
  signal?: AbortSignal,
): Promise<Entry[]> {
  const entries = await describeAll(areas, catalog, survey.pristine, signal)
  const directories = areas
    .filter(({ area }) => area === 'files')
    .map((area) => ({ ...area, nodes: unusualDirectories(survey) }))
  return [...(await describeAll(directories, NOTHING_KNOWN, new Set())), ...entries]
}

function stateAreas(input: ArchiveInput, administration: Administration): AreaFound[] {
  return [
    { area: 'git', root: rawPath(input.adminDir), nodes: administration.nodes, watched: [] },
    { area: 'common', root: rawPath(input.commonDir), nodes: administration.common, watched: [] },
  ]
}

async function laneAreas(input: ArchiveInput, survey: Survey, load: Load): Promise<AreaFound[]> {
  const root = rawPath(input.path)
  return [
    { area: 'files', root, nodes: survey.nodes, watched: survey.passed },
    { area: 'dotgit', root, nodes: await foreignDotGit(input, load), watched: [] },
  ]
}

/** Something that was listed is gone: the lane changes. */
function vanished(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** What cannot be read is never passed over. */
function asFault(error: unknown): unknown {
  const { code, path, message } = error as NodeJS.ErrnoException
  if (error instanceof Fault || code === undefined) return error
  if (code === 'ENAMETOOLONG') return tooDeep(rawPath(String(path)))
  return new Fault(`The lane could not be archived: ${message}`, {
    retry: 'later',
    hint: code === 'EACCES' ? `Make it readable: ${String(path)}` : '',
    cause: error,
  })
}
