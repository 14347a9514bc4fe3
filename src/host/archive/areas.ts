import { symlinkSync, writeFileSync } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { Fault } from '../fault.ts'
import { type Catalog, describe, NOTHING_KNOWN } from './describe.ts'
import { sha256OfFile } from './digest.ts'
import { type Area, type Entry, MANIFEST_FILE, syncPath, TARS, type Tar, type TarName } from './manifest.ts'
import { onDisk } from './paths.ts'
import { pack, type TarAnswer } from './tar.ts'
import { breather, lookFor, type Node } from './walk.ts'

/** One of the places that an archive is made from, as looked at. */
export interface AreaFound {
  readonly area: Area
  /** latin1. */
  readonly root: string
  /** To be archived. */
  readonly nodes: readonly Node[]
  /** Not archived, but a change of them is a change of what is. */
  readonly watched: readonly Node[]
}

/** Reads all nodes. Files that turn out to be untouched are added to `pristine` instead. */
export async function describeAll(
  areas: readonly AreaFound[],
  catalog: Catalog,
  pristine: Set<string>,
  signal?: AbortSignal,
): Promise<Entry[]> {
  const entries: Entry[] = []
  const breathe = breather()
  for (const { area, root, nodes } of areas) {
    for (const node of nodes) {
      if (signal?.aborted === true) throw new Fault('Archiving was cancelled.', { retry: 'later' })
      const entry = await describe(area, root, node, area === 'files' ? catalog : NOTHING_KNOWN)
      if (entry === null) pristine.add(node.path)
      else entries.push(entry)
      await breathe()
    }
  }
  return entries
}

/**
 * Writes a tar of the entries into `scratch`, unless there are none. tar sees each area through a symlink of its
 * name. Returns what tar complained of.
 */
export async function packAreas(
  name: TarName,
  areas: readonly AreaFound[],
  entries: readonly Entry[],
  scratch: string,
): Promise<TarAnswer> {
  const members = entries.filter((entry) => entry.from === 'tar')
  if (members.length === 0) return { exitCode: 0, complaint: '' }
  // Without a pause, so that tar starts before the caller begins to walk.
  for (const { area, root } of areas) symlinkSync(onDisk(root), `${scratch}/${area}`)
  const file = `${scratch}/${name}`
  // tar keeps the mode of a file that exists.
  writeFileSync(file, '', { mode: 0o600 })
  return await pack(file, scratch, members)
}

/** Puts the tars in their place, durably; an older manifest, which is of other tars, goes first. */
export async function putTars(directory: string, scratch: string): Promise<Tar[]> {
  const tars: Tar[] = []
  for (const name of TARS) {
    const file = `${scratch}/${name}`
    const made = await stat(file).catch(() => null)
    if (made === null) continue
    await syncPath(file)
    tars.push({ name, sha256: await sha256OfFile(file), bytes: made.size })
  }
  await rm(`${directory}/${MANIFEST_FILE}`, { force: true })
  for (const name of TARS) {
    if (tars.some((tar) => tar.name === name)) await rename(`${scratch}/${name}`, `${directory}/${name}`)
    else await rm(`${directory}/${name}`, { force: true })
  }
  return tars
}

/** Whether everything is as it was when it was first looked at. */
export function isUnchanged(areas: readonly AreaFound[]): boolean {
  return areas.every(({ root, nodes, watched }) =>
    [...nodes, ...watched].every((node) => {
      const now = lookFor(root, node.path)?.stat
      const { stat } = node
      return (
        now?.ctimeMs === stat.ctimeMs &&
        now.mtimeMs === stat.mtimeMs &&
        now.ino === stat.ino &&
        now.size === stat.size &&
        now.mode === stat.mode
      )
    }),
  )
}
