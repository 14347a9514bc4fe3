import { chmodSync, existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Fault } from '../fault.ts'
import { git } from '../git/git.ts'
import { keepLock } from '../git/worktree.ts'
import { makeDirectories, type RawFile, writeRaw } from './checkout.ts'
import { compareEntries } from './compare.ts'
import { sha256OfFile } from './digest.ts'
import type { GitIndex } from './index-file.ts'
import { type Area, type Entry, type Manifest, TAR_OF } from './manifest.ts'
import { readManifest } from './manifest-file.ts'
import { onDisk, parentOf, rawPath } from './paths.ts'
import { FILL_INDEX, readIndex } from './pristine.ts'
import { type SettledHead, settleHead } from './restore-head.ts'
import { sweepScratch, withScratch } from './scratch.ts'
import { checkedOutAs, usualMode } from './standing.ts'
import { unpackArea } from './tar.ts'

export interface RestoreInput {
  readonly commonDir: string
  /** Made by the caller, with HEAD, commondir, gitdir and locked. */
  readonly adminDir: string
  /** Made by the caller, empty but for its `.git` file. */
  readonly path: string
  /** The archive's. */
  readonly directory: string
  /** Short name of the branch that the lane is to be on, in place of the one it was on. */
  readonly onto?: string
}

export interface Restored {
  /** What did not come back as it was; everything else did. Empty when all is well. */
  readonly problems: readonly string[]
  /** What a person should know: branches that have moved on. */
  readonly notes: readonly string[]
}

/** These say which worktree it is; they are the caller's. */
const OF_THE_CALLER = ['commondir', 'gitdir', 'locked']

/**
 * Fills a new, empty lane with what an archive holds: files, modes, times, index, reflogs, a rebase in progress. The
 * archive itself is only read. After a fault the half-filled lane is to be thrown away by the caller.
 */
export async function restoreArchive(input: RestoreInput): Promise<Restored> {
  const manifest = await readManifest(input.directory)
  await checkPlace(input, manifest)
  await sweepScratch(input.adminDir)
  return await withScratch(input.adminDir, async (scratch) => {
    const administration = await takeOut(input, manifest, 'git', scratch)
    const index = manifest.fill ? await readIndex(input.commonDir, `${administration}/${FILL_INDEX}`) : null
    const missing = await putFiles(input, manifest, index)
    const settled = await settleHead(input, manifest.lane)
    await putAdministration(input.adminDir, administration, settled)
    const notes = await putCommon(input, manifest, settled, scratch)
    if (!(await refreshIndex(input))) notes.push('git could not read the index; it is as it was archived.')
    const problems = [
      ...(manifest.fill && index === null ? ['The index of the fill cannot be read.'] : []),
      ...missing,
      ...(await compare(input.path, manifest.entries, 'files')),
      ...(await compare(input.adminDir, manifest.entries.filter(isKeptAsItWas), 'git')),
    ]
    return { problems, notes: [...settled.notes, ...notes, ...moved(input, manifest)] }
  })
}

async function checkPlace(input: RestoreInput, manifest: Manifest): Promise<void> {
  const names = await readdir(input.path)
  if (names.some((name) => name !== '.git'))
    throw new Fault(`${input.path} is not empty: a restore would overwrite what is there.`, {
      retry: 'never',
    })
  for (const { name, sha256 } of manifest.tars) {
    const file = `${input.directory}/${name}`
    if ((await sha256OfFile(file).catch(() => '')) !== sha256)
      throw new Fault(`The archive is damaged: its ${name} is not the file that was written.`, {
        retry: 'never',
        hint: file,
      })
  }
}

/** Unpacks one area into a directory of its own inside `scratch`. */
async function takeOut(
  input: RestoreInput,
  manifest: Manifest,
  area: Area,
  scratch: string,
): Promise<string> {
  const into = `${scratch}/${area}`
  await mkdir(into)
  if (manifest.entries.some((entry) => entry.area === area))
    await unpackArea(`${input.directory}/${TAR_OF[area]}`, area, into)
  return into
}

/** Blobs first, into empty directories, then the tar over them, which sets the modes of unusual directories last. */
async function putFiles(input: RestoreInput, manifest: Manifest, index: GitIndex | null): Promise<string[]> {
  const root = rawPath(input.path)
  const { modes } = manifest
  const entries = manifest.entries.filter((entry) => entry.area === 'files')
  const made = new Set([''])
  const missing = await writeRaw(
    input.commonDir,
    root,
    rawFiles(manifest, index, entries),
    modes.directory,
    made,
  )
  for (const { path } of entries) makeDirectories(root, parentOf(path), modes.directory, made)
  if (entries.some((entry) => entry.from === 'tar'))
    await unpackArea(`${input.directory}/${TAR_OF.files}`, 'files', input.path)
  if (manifest.entries.some((entry) => entry.area === 'dotgit')) {
    const beside = `${input.path}/.git-of-the-archive`
    await mkdir(beside)
    await unpackArea(`${input.directory}/${TAR_OF.dotgit}`, 'dotgit', beside)
  }
  chmodSync(onDisk(root), modes.root)
  return missing
}

/** What comes from git's objects: untouched files of the fill, and entries that say so. */
function rawFiles(manifest: Manifest, index: GitIndex | null, entries: readonly Entry[]): RawFile[] {
  const told = new Set([...manifest.deleted, ...entries.map((entry) => entry.path)])
  const files: RawFile[] = []
  for (const entry of index?.entries ?? []) {
    const type = checkedOutAs(entry.mode)
    if (type === null || told.has(entry.path)) continue
    const mode = usualMode(manifest.modes, entry.mode)
    const { path, oid, size } = entry
    files.push({ path, type, oid, mode, size, mtime: entry.mtime / 1000 })
  }
  for (const { path, oid, mode, size, mtime, from } of entries)
    if (from === 'blob' && oid !== null) files.push({ path, type: 'file', oid, mode, size, mtime })
  return files
}

/** Puts the lane's git directory in place around what is the caller's; HEAD by rename, as others read it. */
async function putAdministration(adminDir: string, from: string, settled: SettledHead): Promise<void> {
  if (settled.head !== null) await writeFile(`${from}/HEAD`, settled.head)
  const ours = (name: string): boolean => !OF_THE_CALLER.includes(name)
  const names = (await readdir(from)).filter(ours)
  const stale = (await readdir(adminDir)).filter(
    (name) => ours(name) && name !== 'HEAD' && !name.endsWith('.lock') && !name.startsWith('worklane-'),
  )
  for (const name of stale) await rm(`${adminDir}/${name}`, { recursive: true, force: true })
  for (const name of names) await rename(`${from}/${name}`, `${adminDir}/${name}`)
  await keepLock(`${from}/locked`, adminDir)
}

/** Reflogs of branches that had to be made again, and git directories of worktrees inside the lane. */
async function putCommon(
  input: RestoreInput,
  manifest: Manifest,
  settled: SettledHead,
  scratch: string,
): Promise<string[]> {
  const from = await takeOut(input, manifest, 'common', scratch)
  for (const ref of settled.created) await putAside(`${from}/logs/${ref}`, `${input.commonDir}/logs/${ref}`)
  const notes: string[] = []
  for (const name of await readdir(`${from}/worktrees`).catch(() => [])) {
    const place = `${input.commonDir}/worktrees/${name}`
    if (existsSync(place)) notes.push(`The worktree ${name} inside the lane is still known to git.`)
    else await putAside(`${from}/worktrees/${name}`, place)
  }
  return notes
}

async function putAside(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return
  await mkdir(dirname(to), { recursive: true })
  await rename(from, to)
}

/** The files are new ones to git; what is staged does not change. Filters run as for any command of the user's. */
async function refreshIndex(input: RestoreInput): Promise<boolean> {
  if (!existsSync(`${input.adminDir}/index`)) return true
  const place = { gitDir: input.adminDir, workTree: input.path }
  // 1: some files differ from the index, as they did before.
  const answer = await git(place, ['update-index', '-q', '--refresh'], { answers: [0, 1, 128], writes: true })
  return answer.exitCode !== 128
}

/** The index was refreshed, HEAD may have been settled otherwise. */
function isKeptAsItWas(entry: Entry): boolean {
  return !['HEAD', 'index', ...OF_THE_CALLER].includes(entry.path)
}

async function compare(directory: string, entries: readonly Entry[], area: Area): Promise<string[]> {
  const found = await compareEntries(
    rawPath(directory),
    entries.filter((entry) => entry.area === area),
  )
  return found.map(({ name, message }) => `${name} ${message}.`)
}

function moved(input: RestoreInput, { lane, entries }: Manifest): string[] {
  const notes: string[] = []
  if (entries.some((entry) => entry.area === 'dotgit'))
    notes.push('The .git that stood in place of the lane’s link is in .git-of-the-archive.')
  const elsewhere = lane.path !== input.path || lane.admin !== input.adminDir.replace(/.*\//, '')
  if (elsewhere && entries.some((entry) => entry.area === 'git' && entry.path.startsWith('modules/')))
    notes.push('Submodules still name the place the lane had: run git submodule update --init in it.')
  return notes
}
