import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { makeGitDirectory, ownConfig, repositorySettings } from './own-git-directory.ts'

/**
 * Where snapshots and what is merged of them live: a git directory of ours that reads the repository's objects as
 * alternates. A cache: whoever finds it gone makes it again, and nothing in the repository ever names what is in it.
 */
export interface RadarStore {
  readonly gitDir: string
  readonly objects: string
  /** For files that are needed for a moment. */
  readonly aside: string
}

/** As many files in one of the 256 directories of loose objects stand for 40 times the number at which git packs. */
const MOST_IN_A_DIRECTORY = 1000
const SAMPLE_DIRECTORY = '17'

/** The store, made where it is missing. `path` is ours. */
export async function openRadarStore(commonDir: string, path: string): Promise<RadarStore> {
  const store = { gitDir: path, objects: join(path, 'objects'), aside: join(path, 'aside') }
  if (existsSync(join(path, 'HEAD'))) return store
  const config = ownConfig(await repositorySettings({ commonDir })).replace('bare = false', 'bare = true')
  await mkdir(store.aside, { recursive: true, mode: 0o700 })
  // HEAD comes last: what has one is complete.
  await makeGitDirectory({ commonDir }, { path, head: 'ref: refs/heads/none', config })
  return store
}

/** Throws a store away that has grown large. Only while no other process can be using it. */
export async function emptyRadarStore(path: string): Promise<void> {
  const names = await readdir(join(path, 'objects', SAMPLE_DIRECTORY)).catch(() => [])
  if (names.length < MOST_IN_A_DIRECTORY) return
  const old = `${path}.old`
  await rm(old, { recursive: true, force: true })
  await rename(path, old)
  await rm(old, { recursive: true, force: true })
}

export interface CommitDraft {
  readonly tree: string
  readonly parent: string
  /** Seconds since 1970; not before that of the parent, or git walks all of history to find where two of them parted. */
  readonly date: number
}

/**
 * Writes commits into the store, in order, as git would (git: object-file.c): a process takes ten times as long as the
 * write. The author is fixed, so the same trees, parents and dates give the same commits.
 */
export async function writeCommits(store: RadarStore, drafts: readonly CommitDraft[]): Promise<string[]> {
  return await Promise.all(
    drafts.map(async ({ tree, parent, date }) => {
      const by = `${US} ${date} +0000`
      const content = `tree ${tree}\nparent ${parent}\nauthor ${by}\ncommitter ${by}\n\n`
      const object = Buffer.from(`commit ${content.length}\0${content}`)
      const oid = createHash(tree.length === 40 ? 'sha1' : 'sha256')
        .update(object)
        .digest('hex')
      const directory = join(store.objects, oid.slice(0, 2))
      const file = join(directory, oid.slice(2))
      if (existsSync(file)) return oid
      await mkdir(directory, { recursive: true })
      const aside = join(store.aside, `${oid}-${randomUUID()}`)
      await writeFile(aside, deflateSync(object), { mode: 0o444 })
      await rename(aside, file)
      return oid
    }),
  )
}

const US = 'Worklane <worklane@localhost>'
