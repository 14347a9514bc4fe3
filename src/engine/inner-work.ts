import { lstat, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { type InnerWork, innerWorkSentence } from '../board/inner-work.ts'
import type { GitPlace } from '../host/git/git.ts'
import { dirtySubmodules } from '../host/git/lane-state.ts'
import { branchTip } from '../host/git/refs.ts'
import { changedLinks, isFetched, remoteOf, type Submodule, submodulesOf } from '../host/git/submodules.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { askRemote } from './ask-remote.ts'
import { laneGit } from './lane-git.ts'
import type { World } from './world.ts'

/** Milliseconds for all of it: a lane's submodules can keep git waiting, and remotes too. */
const PATIENCE = 30_000

/**
 * What is to be said of work in repositories inside of a lane that would not land with `head`, its commit; null: nothing.
 * Where there are no such repositories it costs three processes of git.
 */
export async function innerWork(world: World, lane: OwnedLane, head: string): Promise<string | null> {
  const found = await find(world, lane, head)
  return found === null ? null : innerWorkSentence(found)
}

async function find(world: World, lane: OwnedLane, head: string): Promise<InnerWork | null> {
  const { repository } = world
  const base = await branchTip({ gitDir: repository.commonDir }, lane.base)
  const others = base === null ? [lane.startPoint] : [lane.startPoint, base]
  const [links, submodules] = await Promise.all([
    changedLinks(repository, head, others),
    submodulesOf(repository, head),
  ])
  const nested = links.find(({ path }) => !submodules.some((one) => one.path === path))
  if (nested !== undefined) return { kind: 'nested', path: nested.path }
  if (submodules.length === 0) return null
  const end = performance.now() + PATIENCE
  const place = await laneGit(world, lane)
  const signal = AbortSignal.any([world.hurry, AbortSignal.timeout(PATIENCE)])
  return (
    (await findUncommitted({ ...place, signal })) ??
    (await findStray(lane.path, submodules)) ??
    (await findUnpublished(world, lane, { links, submodules, base: base ?? lane.startPoint, end }))
  )
}

interface Moved {
  readonly links: readonly { readonly path: string; readonly commit: string }[]
  readonly submodules: readonly Submodule[]
  readonly base: string
  /** Of our patience, by `performance.now()`. */
  readonly end: number
}

async function findUnpublished(
  world: World,
  lane: OwnedLane,
  { links, submodules, base, end }: Moved,
): Promise<InnerWork | null> {
  for (const { path, commit } of links) {
    const submodule = submodules.find((one) => one.path === path)
    if (submodule === undefined || (await isFetched(world.repository, submodule, commit))) continue
    const url = await remoteOf(world.repository, submodule, base)
    if (url === null) return { kind: 'unpublished', path, commit }
    const answer = await askRemote(world, lane, { url, commit, patience: end - performance.now() })
    if (answer !== 'has') return { kind: answer === 'lacks' ? 'unpublished' : 'unasked', path, commit }
  }
  return null
}

async function findUncommitted(place: GitPlace): Promise<InnerWork | null> {
  const [path] = await dirtySubmodules(place)
  return path === undefined ? null : { kind: 'uncommitted', path }
}

/** Git does not look into a submodule that is not checked out. */
async function findStray(lane: string, submodules: readonly Submodule[]): Promise<InnerWork | null> {
  for (const { path } of submodules) {
    const names = await namesIn(lane, path)
    const [file] = names
    if (file !== undefined && !names.includes('.git')) return { kind: 'stray', path, file }
  }
  return null
}

/** None where it is no directory, or lies elsewhere. */
async function namesIn(lane: string, path: string): Promise<string[]> {
  try {
    const directory = join(lane, path)
    const isOwn = (await lstat(directory)).isDirectory()
    return isOwn && (await realpath(directory)) === join(await realpath(lane), path)
      ? await readdir(directory)
      : []
  } catch {
    return []
  }
}
