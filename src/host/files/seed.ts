import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { cp, lstat, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
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
    await mkdir(dirname(target), { recursive: true })
    await cp(join(request.from.workTree, path), target, {
      recursive: true,
      verbatimSymlinks: true,
      errorOnExist: false,
      force: false,
      preserveTimestamps: true,
      mode: constants.COPYFILE_FICLONE,
    })
  }
  for (const path of request.link) warnings.push(...(await linkIgnored(request, path)))
  return warnings
}

/** The lines of `.worktreeinclude`, the file that several tools share for this. */
async function includeFile(root: string): Promise<string[]> {
  try {
    return (await readFile(join(root, '.worktreeinclude'), 'utf8')).split('\n')
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
    return await onlyIgnored(
      from,
      splitZero(stdout).map((path) => path.replace(/\/$/, '')),
    )
  } finally {
    await rm(list, { force: true })
  }
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
  await mkdir(dirname(target), { recursive: true })
  await symlink(source, target)
  if ((await onlyIgnored(to, [path])).length > 0) return []
  await rm(target)
  return [
    `${path} was not linked: .gitignore ignores it only as a directory, so the link would be committed. Write "${path}" there without a slash at the end.`,
  ]
}
