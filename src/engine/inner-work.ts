import { lstat, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { type InnerWork, innerWorkSentence } from '../board/inner-work.ts'
import type { GitPlace } from '../host/git/git.ts'
import { dirtySubmodules } from '../host/git/lane-state.ts'
import { branchTip } from '../host/git/refs.ts'
import { changedLinks, isPublished, submodulesOf } from '../host/git/submodules.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { laneGit } from './lane-git.ts'
import type { World } from './world.ts'

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
  const nested = links.find(({ path }) => !submodules.includes(path))
  if (nested !== undefined) return { kind: 'nested', path: nested.path }
  if (submodules.length === 0) return null
  const place = await laneGit(world, lane)
  return (
    (await findUnpublished(place, links)) ??
    (await findUncommitted(place)) ??
    (await findStray(lane.path, submodules))
  )
}

/** Asked behind the walls: the submodule's git is the lane's. */
async function findUnpublished(
  { workTree, walls }: GitPlace,
  links: readonly { readonly path: string; readonly commit: string }[],
): Promise<InnerWork | null> {
  for (const { path, commit } of links) {
    const inner = { gitDir: join(workTree ?? '/', path, '.git'), ...(walls === undefined ? {} : { walls }) }
    if (!(await isPublished(inner, commit))) return { kind: 'unpublished', path, commit }
  }
  return null
}

async function findUncommitted(place: GitPlace): Promise<InnerWork | null> {
  const [path] = await dirtySubmodules(place)
  return path === undefined ? null : { kind: 'uncommitted', path }
}

/** Git does not look into a submodule that is not checked out. */
async function findStray(lane: string, submodules: readonly string[]): Promise<InnerWork | null> {
  for (const path of submodules) {
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
