import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Load } from './capacity.ts'
import type { Pin } from './manifest.ts'
import { below, onDisk, rawPath } from './paths.ts'
import { objectNames } from './pins.ts'
import { FILL_INDEX } from './pristine.ts'
import { look, lookFor, type Node, walk } from './walk.ts'

/** What belongs to a lane outside its directory, looked at once. */
export interface Administration {
  /** Of the lane's git directory. */
  readonly nodes: readonly Node[]
  /** Of the repository: reflogs of the lane's branches, git directories of worktrees that lie inside the lane. */
  readonly common: readonly Node[]
  /** Every oid that any of its texts mentions: HEAD, reflogs, a rebase or bisect in progress, worktree refs. */
  readonly mentioned: ReadonlySet<string>
  /** Full name of the ref that HEAD stands for; null when detached or unreadable. */
  readonly headRef: string | null
  /** Directories of worktrees inside the lane, latin1, relative to it. */
  readonly innerWorktrees: readonly string[]
}

/** Larger texts hold no state of git's. */
const LARGEST_TEXT = 32 << 20

export async function lookAtAdministration(place: {
  readonly commonDir: string
  readonly adminDir: string
  readonly path: string
  readonly formerPath?: string
  readonly branch: string
  readonly keep?: readonly Pin[]
  readonly load: Load
}): Promise<Administration> {
  const root = rawPath(place.adminDir)
  const commonRoot = rawPath(place.commonDir)
  const nodes = await everythingBelow(root, '', place.load)
  const headRef = readHeadRef(place.adminDir)
  const branches = new Set([`refs/heads/${place.branch}`, ...(headRef === null ? [] : [headRef])])
  const logs = [...branches].flatMap((ref) => lookFor(commonRoot, `logs/${rawPath(ref)}`) ?? [])
  const inner = innerWorktrees(place.commonDir, place.formerPath ?? place.path)
  const common: Node[] = logs.filter((node) => node.type === 'file')
  for (const { admin } of inner)
    common.push(look(commonRoot, admin), ...(await everythingBelow(commonRoot, admin, place.load)))
  const mentioned = new Set([
    ...nodes.filter((node) => isText(node) && !isInside(node)).flatMap((node) => mentions(root, node)),
    ...common.filter(isText).flatMap((node) => mentions(commonRoot, node)),
    ...stashed(place.commonDir, [...branches]),
    ...(place.keep ?? []).map(({ oid }) => oid),
  ])
  const insides = nodes.filter(
    (node) => node.type === 'directory' && isInside(node) && !node.path.includes('/'),
  )
  const theirs = insides.flatMap(({ path }) =>
    innerWorktrees(`${place.adminDir}/${path}`, place.formerPath ?? place.path),
  )
  const innerPaths = [...inner, ...theirs].map(({ path }) => path)
  return { nodes, common, mentioned, headRef, innerWorktrees: innerPaths }
}

/**
 * Begins the names of what the lane had inside its walls, such as its private git directory: all that they name was
 * taken in, under refs of ours.
 */
export const PRIVATE_GIT = 'worklane-git'

function isInside({ path }: Node): boolean {
  return path.startsWith(PRIVATE_GIT)
}

/** Locks are of commands that no longer run, sockets of daemons; neither means anything in another time. */
async function everythingBelow(root: string, start: string, load: Load): Promise<Node[]> {
  const nodes: Node[] = []
  await walk(root, start, (node) => {
    load.add(node.path)
    const passing = node.path.endsWith('.lock') || node.type === 'socket' || node.type === 'device'
    if (!passing) nodes.push(node)
    return node.type === 'directory' ? 'whole' : 'pass'
  })
  return nodes
}

/** Git's own state is text, but for indexes and the repositories of submodules. */
function isText(node: Node): boolean {
  const name = node.path.slice(node.path.lastIndexOf('/') + 1)
  if (node.type !== 'file' || node.stat.size > LARGEST_TEXT) return false
  return name !== 'index' && name !== FILL_INDEX && !/(^|\/)modules\//.test(node.path)
}

function mentions(root: string, node: Node): string[] {
  return objectNames(readFileSync(onDisk(below(root, node.path)), 'latin1'))
}

/** Null when HEAD names a commit, or nothing that can be understood. */
export function readHeadRef(gitDir: string): string | null {
  try {
    return /^ref: (.+)\n?$/.exec(readFileSync(`${gitDir}/HEAD`, 'utf8'))?.[1] ?? null
  } catch {
    return null
  }
}

/** The stash is shared by all worktrees; its messages name the branch that an entry comes from. git-stash(1). */
function stashed(commonDir: string, refs: readonly string[]): string[] {
  let log: string
  try {
    log = readFileSync(`${commonDir}/logs/refs/stash`, 'utf8')
  } catch {
    return []
  }
  const places = [...refs.map((ref) => ref.replace(/^refs\/heads\//, '')), '(no branch)']
  const ours = (message: string): boolean =>
    places.some((name) => message.startsWith(`WIP on ${name}:`) || message.startsWith(`On ${name}:`))
  return log.split('\n').flatMap((line) => {
    const tab = line.indexOf('\t')
    return tab !== -1 && ours(line.slice(tab + 1)) ? objectNames(line.slice(0, tab)).slice(-1) : []
  })
}

/** Worktrees that someone made inside the lane: their files go with it, so their git directories are kept too. */
function innerWorktrees(gitDir: string, path: string): { path: string; admin: string }[] {
  const lane = rawPath(path)
  let names: string[]
  try {
    names = readdirSync(`${gitDir}/worktrees`)
  } catch {
    return []
  }
  return names.flatMap((name) => {
    const link = readOrNull(`${gitDir}/worktrees/${name}/gitdir`)
    const path = link === null ? '' : dirname(link.trimEnd())
    // Whoever works in the lane may have written it.
    return path.startsWith(`${lane}/`) && !path.split('/').includes('..')
      ? [{ path: path.slice(lane.length + 1), admin: rawPath(`worktrees/${name}`) }]
      : []
  })
}

/** Of a small file; anything else, a FIFO that keeps its reader waiting for ever among it, counts as nothing. */
function readOrNull(path: string): string | null {
  try {
    const stat = lstatSync(path)
    return stat.isFile() && stat.size < 1 << 20 ? readFileSync(path, 'latin1') : null
  } catch {
    return null
  }
}

/**
 * What stands at the lane's top as `.git` when it is not git's link to the lane's git directory: an agent may have
 * removed the link and begun a repository of its own there.
 */
export async function foreignDotGit(place: DotGitPlace, load: Load): Promise<readonly Node[]> {
  const root = rawPath(place.path)
  const top = lookFor(root, '.git')
  if (top === null || (top.type === 'file' && linksTo(place))) return []
  return top.type === 'directory' ? [top, ...(await everythingBelow(root, '.git', load))] : [top]
}

interface DotGitPlace {
  readonly adminDir: string
  readonly path: string
  readonly formerPath?: string
}

function linksTo(place: DotGitPlace): boolean {
  const target = /^gitdir: (.+?)\n*$/.exec(readOrNull(`${place.path}/.git`) ?? '')?.[1]
  if (target === undefined) return false
  try {
    return (
      realpathSync(resolve(place.formerPath ?? place.path, Buffer.from(target, 'latin1').toString())) ===
      realpathSync(place.adminDir)
    )
  } catch {
    return false
  }
}
