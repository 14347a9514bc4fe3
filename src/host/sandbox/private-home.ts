import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import {
  chmod,
  copyFile,
  lchown,
  lstat,
  mkdir,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize, sep } from 'node:path'
import { Fault } from '../fault.ts'
import { deleteInReach } from '../files/discard.ts'
import { privateGitConfig } from './private-git-config.ts'

export interface HomeSeed {
  /** The real HOME. */
  readonly from: string
  /** The private one; made when it is missing. Nothing that can write in it may be running. */
  readonly to: string
  /** Files and directories relative to HOME. What does not exist is left out. */
  readonly paths: readonly string[]
  /** Whose the private HOME is; also the number of its group. Default: ours. */
  readonly uid?: number
}

/** Logins and settings; caches and histories of agents are many times larger. */
const LARGEST_HOME = 50_000_000
/** Read by git in any HOME, and it runs nothing. */
const ALWAYS = ['.config/git/ignore']

/**
 * Brings logins and settings into a private HOME. What is newer there stays, so that a login that an agent refreshed
 * survives. Links are followed within the real HOME and left out where they lead out of it; in the private HOME, which
 * an earlier program may have prepared, none is followed. Writes a `.gitconfig` that runs nothing.
 * @throws Fault when it would hold more than 50 MB, or a path is not within HOME.
 */
export async function seedHome({ from, to, paths, uid }: HomeSeed): Promise<void> {
  const files = await filesOf(await realpath(from), [...paths, ...ALWAYS])
  await mkdir(to, { recursive: true, mode: 0o700 })
  await give(to, uid)
  for (const file of files) {
    await makeDirectories(to, dirname(file.path), uid)
    await bring(file, to, uid)
  }
  const config = await privateGitConfig(from)
  await replace(to, '.gitconfig', uid, async (temporary) => {
    await writeFile(temporary, config, { flag: 'wx', mode: 0o600 })
  })
}

interface HomeFile {
  /** Relative to HOME. */
  readonly path: string
  /** Where its content really is. */
  readonly source: string
  readonly is: Stats
}

async function filesOf(home: string, paths: readonly string[]): Promise<HomeFile[]> {
  const files: HomeFile[] = []
  let bytes = 0
  for (const path of paths)
    for await (const file of within(home, insideHome(path))) {
      files.push(file)
      bytes += file.is.size
      if (bytes > LARGEST_HOME) throw tooLarge(path)
    }
  return files
}

function insideHome(path: string): string {
  const plain = normalize(path).replace(/\/$/, '')
  if (!isAbsolute(path) && plain !== '.' && plain.split(sep)[0] !== '..') return plain
  throw new Fault(`${path} is not a file or directory within HOME.`, { retry: 'never' })
}

function tooLarge(path: string): Fault {
  return new Fault(
    `The private HOME of a lane would hold more than ${LARGEST_HOME / 1e6} MB, with ~/${path}.`,
    {
      retry: 'never',
      hint: 'Name smaller parts of it.',
    },
  )
}

async function* within(home: string, path: string): AsyncGenerator<HomeFile> {
  const source = await realpath(join(home, path)).catch(() => null)
  if (source?.startsWith(`${home}${sep}`) !== true) return
  const is = await stat(source)
  if (is.isFile()) yield { path, source, is }
  if (!is.isDirectory()) return
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const isLoop =
      entry.isSymbolicLink() && (await stat(join(source, entry.name)).catch(() => is)).isDirectory()
    if (!isLoop) yield* within(home, join(path, entry.name))
  }
}

/** Each part by itself: a link in the place of a directory would lead what is written elsewhere. */
async function makeDirectories(to: string, path: string, uid: number | undefined): Promise<void> {
  let directory = to
  for (const part of path === '.' ? [] : path.split(sep)) {
    directory = join(directory, part)
    const is = await lstat(directory).catch(() => null)
    if (is?.isDirectory() === true) continue
    await rm(directory, { force: true })
    await mkdir(directory, { mode: 0o700 })
    await give(directory, uid)
  }
}

async function bring({ path, source, is }: HomeFile, to: string, uid: number | undefined): Promise<void> {
  const there = await lstat(join(to, path)).catch(() => null)
  if (there?.isFile() === true && there.mtimeMs >= is.mtimeMs) return
  await replace(to, path, uid, async (temporary) => {
    await copyFile(source, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await chmod(temporary, is.mode & 0o777)
    await utimes(temporary, is.atime, is.mtime)
  })
}

/**
 * Never through what stands in its place, and never half. Written and given away beside the private HOME, where no lane
 * can put a link instead of it.
 */
async function replace(
  to: string,
  path: string,
  uid: number | undefined,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const target = join(to, path)
  const temporary = `${to}.${randomBytes(6).toString('hex')}`
  await write(temporary)
  await give(temporary, uid)
  const there = await lstat(target).catch(() => null)
  if (there?.isDirectory() === true) await deleteInReach(target)
  await rename(temporary, target)
}

async function give(path: string, uid: number | undefined): Promise<void> {
  if (uid !== undefined) await lchown(path, uid, uid)
}
