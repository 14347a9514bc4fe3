import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from './git.ts'
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
}

/**
 * Writes commits into the store, in order, with one process however many they are. Author and date are fixed, so the
 * same trees and parents give the same commits.
 */
export async function writeCommits(store: RadarStore, drafts: readonly CommitDraft[]): Promise<string[]> {
  if (drafts.length === 0) return []
  const room = await mkdtemp(join(store.aside, 'commits-'))
  try {
    const files = await Promise.all(
      drafts.map(async ({ tree, parent }, at) => {
        const file = join(room, String(at))
        await writeFile(file, `tree ${tree}\nparent ${parent}\nauthor ${US}\ncommitter ${US}\n\n`)
        return file
      }),
    )
    const args = ['hash-object', '-t', 'commit', '-w', '--no-filters', '--stdin-paths']
    const input = files.map((file) => `${file}\n`).join('')
    return (await git({ gitDir: store.gitDir }, args, { input, writes: true })).stdout.trim().split('\n')
  } finally {
    await rm(room, { recursive: true, force: true })
  }
}

const US = 'Worklane <worklane@localhost> 1 +0000'
