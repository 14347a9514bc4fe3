import { existsSync } from 'node:fs'
import { Load } from './capacity.ts'
import { type ArchiveProblem, compareEntries } from './compare.ts'
import { sha256OfFile } from './digest.ts'
import { type Entry, type Manifest, type Pin, TAR_OF, type Tar } from './manifest.ts'
import { readManifest } from './manifest-file.ts'
import { rawPath, readable } from './paths.ts'
import { resolveObjects } from './pins.ts'
import { withScratch } from './scratch.ts'
import { unpack } from './tar.ts'
import { walk } from './walk.ts'

/**
 * Whether everything could be brought back: the manifest is whole, the tars are those that were written, what tar
 * takes out of them is what the manifest says (hashed from the lane's own files, not from the tar), and every pinned
 * object is there under its ref. No problems: the lane may go. Faults only when it could not be told.
 */
export async function verifyArchive(place: {
  readonly commonDir: string
  readonly directory: string
  readonly refPrefix: string
}): Promise<ArchiveProblem[]> {
  const manifest = await readManifest(place.directory).catch((error: Error) => error)
  if (manifest instanceof Error)
    return [{ what: 'manifest', name: place.directory, message: manifest.message }]
  using load = new Load()
  for (const { path, target } of manifest.entries) load.add(path, target?.length)
  const problems = await Promise.all([
    checkRefs(place.commonDir, place.refPrefix, manifest.refs),
    checkTars(place.directory, manifest),
  ])
  return problems.flat()
}

async function checkTars(directory: string, manifest: Manifest): Promise<ArchiveProblem[]> {
  const kept = manifest.entries.filter((entry) => entry.from === 'tar')
  const untold = kept.filter((entry) => !manifest.tars.some((tar) => tar.name === TAR_OF[entry.area]))
  const found = await Promise.all(
    manifest.tars.map(async (tar) => {
      const entries = kept.filter((entry) => TAR_OF[entry.area] === tar.name)
      return await checkTar(`${directory}/${tar.name}`, tar, entries, directory)
    }),
  )
  return [
    ...found.flat(),
    ...untold.map(({ path }) => ({ what: 'entry' as const, name: readable(path), message: 'is in no tar' })),
  ]
}

async function checkTar(
  file: string,
  tar: Tar,
  entries: readonly Entry[],
  directory: string,
): Promise<ArchiveProblem[]> {
  const problem = (message: string): ArchiveProblem[] => [{ what: 'tar', name: file, message }]
  if (!existsSync(file)) return problem('is missing')
  return await withScratch(directory, async (scratch) => {
    const [unpacked, sha256] = await Promise.allSettled([unpack(file, scratch), sha256OfFile(file)])
    if (sha256.status === 'rejected') return problem('cannot be read')
    if (sha256.value !== tar.sha256) return problem('is not the file that was written')
    if (unpacked.status === 'rejected') throw unpacked.reason
    const found: ArchiveProblem[] = []
    for (const area of new Set(entries.map((entry) => entry.area))) {
      const ofArea = entries.filter((entry) => entry.area === area)
      found.push(...(await compareEntries(rawPath(`${scratch}/${area}`), ofArea)))
    }
    return [...found, ...(await strangers(rawPath(scratch), entries))]
  })
}

/** Members of the tar that the manifest does not tell of. */
async function strangers(root: string, kept: readonly Entry[]): Promise<ArchiveProblem[]> {
  const told = new Set(kept.map((entry) => `${entry.area}/${entry.path}`))
  const problems: ArchiveProblem[] = []
  await walk(root, '', (node) => {
    if (node.type === 'directory') return 'enter'
    if (!told.has(node.path))
      problems.push({ what: 'entry', name: readable(node.path), message: 'is not in the manifest' })
    return 'pass'
  })
  return problems
}

async function checkRefs(
  commonDir: string,
  refPrefix: string,
  pins: readonly Pin[],
): Promise<ArchiveProblem[]> {
  const objects = await resolveObjects(
    commonDir,
    pins.map(({ ref }) => ref),
  )
  return pins.flatMap(({ ref, oid }) => {
    const is = objects.get(ref)?.oid
    const message =
      is === undefined
        ? `or its object ${oid} is missing`
        : is === oid
          ? null
          : `is at ${is} instead of ${oid}`
    if (message !== null) return [{ what: 'ref' as const, name: ref, message }]
    return ref.startsWith(`${refPrefix}/`)
      ? []
      : [{ what: 'ref' as const, name: ref, message: `is not below ${refPrefix}` }]
  })
}
