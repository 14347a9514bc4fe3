import { randomBytes } from 'node:crypto'
import { constants, existsSync, lstatSync } from 'node:fs'
import { cp, lstat, mkdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type GitPlace, git, splitZero } from '../git/git.ts'

export interface SeedRequest {
  /** The checkout that the ignored files come from, and its git directory. */
  readonly from: GitPlace & { readonly workTree: string }
  readonly to: GitPlace & { readonly workTree: string }
  /** gitignore-style patterns of ignored files to copy. */
  readonly copy: readonly string[]
  /** Ignored paths to link instead. */
  readonly link: readonly string[]
}

/** Copies and links ignored files into a new checkout. Only what git ignores: the rest is git's to bring. Returns warnings. */
export async function seedIgnored(request: SeedRequest): Promise<string[]> {
  const patterns = [...request.copy, ...(await includeFile(request.from.workTree))]
  const warnings: string[] = []
  for (const path of patterns.length === 0 ? [] : await ignoredMatching(request.from, patterns)) {
    const target = join(request.to.workTree, path)
    if (await leadsOut(request.to.workTree, path)) {
      warnings.push(outsideWarning(path))
      continue
    }
    await mkdir(dirname(target), { recursive: true })
    await cp(join(request.from.workTree, path), target, {
      recursive: true,
      verbatimSymlinks: true,
      errorOnExist: false,
      force: false,
      preserveTimestamps: true,
      mode: constants.COPYFILE_FICLONE,
      filter: isCopyable,
    })
  }
  for (const path of request.link) warnings.push(...(await linkIgnored(request, path)))
  return warnings
}

/** Pipes, sockets and devices have no content that could be copied. */
async function isCopyable(path: string): Promise<boolean> {
  const is = await lstat(path)
  return is.isFile() || is.isDirectory() || is.isSymbolicLink()
}

/** A committed link to a directory, where the main checkout has a directory: what is written there lands elsewhere. */
async function leadsOut(root: string, path: string): Promise<boolean> {
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    const is = await lstat(join(root, parent)).catch(() => undefined)
    if (is?.isSymbolicLink() === true) return true
  }
  return false
}

function outsideWarning(path: string): string {
  return `${path} was not brought: in the lane a directory above it is a link that leads elsewhere.`
}

/**
 * The lines of `.worktreeinclude`, the file that several tools share for this. No link into the repository is followed:
 * agents may change what it leads to.
 */
async function includeFile(root: string): Promise<string[]> {
  const file = join(root, '.worktreeinclude')
  try {
    const isInside = `${await realpath(file)}/`.startsWith(`${await realpath(root)}/`)
    if (isInside && (await lstat(file)).isSymbolicLink()) return []
    // A pipe would be waited for.
    if (!(await stat(file)).isFile()) return []
    return (await readFile(file, 'utf8')).split('\n')
  } catch {
    return []
  }
}

async function ignoredMatching(from: SeedRequest['from'], patterns: readonly string[]): Promise<string[]> {
  const list = join(tmpdir(), `worklane-seed-${randomBytes(6).toString('hex')}`)
  await writeFile(list, `${patterns.join('\n')}\n`, { mode: 0o600 })
  try {
    const { stdout } = await git(from, [
      'ls-files',
      '-o',
      '-i',
      '-z',
      '--directory',
      `--exclude-from=${list}`,
    ])
    const paths = splitZero(stdout).map((path) => path.replace(/\/$/, ''))
    return await onlyIgnored(
      from,
      paths.filter((path) => !isForeign(from.workTree, path)),
    )
  } finally {
    await rm(list, { force: true })
  }
}

/**
 * Whether a path belongs to another checkout: a `.git` of its own lies above it. Git itself looks into a directory
 * whose `.git` leads nowhere, as the one that holds the lanes: it would bring the files of removed lanes that are being
 * deleted (measured here with git 2.39).
 */
function isForeign(root: string, path: string): boolean {
  for (let at = dirname(path); at !== '.'; at = dirname(at))
    if (existsSync(join(root, at, '.git'))) return true
  const own = join(root, path, '.git')
  return existsSync(own) && lstatSync(own).isFile()
}

async function onlyIgnored(place: GitPlace, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return []
  const { stdout } = await git(place, ['check-ignore', '-z', '--stdin'], {
    input: paths.map((path) => `${path}\0`).join(''),
    answers: [0, 1],
  })
  return splitZero(stdout)
}

async function linkIgnored({ from, to }: SeedRequest, path: string): Promise<string[]> {
  const source = join(from.workTree, path)
  const target = join(to.workTree, path)
  const there = await Promise.all(
    [source, target].map(
      async (name) =>
        await lstat(name).then(
          () => true,
          () => false,
        ),
    ),
  )
  if (there[0] !== true || there[1] === true) return []
  if (await leadsOut(to.workTree, path)) return [outsideWarning(path)]
  await mkdir(dirname(target), { recursive: true })
  await symlink(source, target)
  if ((await onlyIgnored(to, [path])).length > 0) return []
  await rm(target)
  return [
    `${path} was not linked: .gitignore ignores it only as a directory, so the link would be committed. Write "${path}" there without a slash at the end.`,
  ]
}
