import { existsSync } from 'node:fs'
import { chmod, copyFile, cp, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../fault.ts'
import { copyIndex } from './copy-index.ts'
import { filterConfig, quoted } from './filters.ts'
import { git, listSettings } from './git.ts'
import { type Hooks, hooksOf } from './hooks.ts'
import { FALLBACK_IDENTITY, type Person } from './identity.ts'
import { makeGitDirectory, ownConfig } from './own-git-directory.ts'
import type { Setting } from './settings.ts'

/** What a private git directory is made from. */
export interface PrivateSource {
  readonly commonDir: string
  /** Git's own directory for the lane, on the host. */
  readonly adminDir: string
  /** The main checkout. */
  readonly root: string
  readonly branch: string
  readonly base: string
  /** The commit of the branch where it is being made at this moment. */
  readonly tip?: string
}

/** State of a merge, rebase or the like that a person left in the lane: git's own file names (git-status.c). */
const OPERATIONS = [
  ...['MERGE_HEAD', 'MERGE_MSG', 'MERGE_MODE', 'MERGE_RR', 'SQUASH_MSG', 'CHERRY_PICK_HEAD', 'REVERT_HEAD'],
  ...['ORIG_HEAD', 'rebase-merge', 'rebase-apply', 'sequencer', 'AUTO_MERGE'],
]

/**
 * Makes the git directory that a lane has inside its walls: the lane's branch, base, tags and remote branches as they
 * are now, the index, the project's hooks, who commits; the shared objects are read as alternates. Nothing done to it
 * reaches the repository. Answers the refs that it was given, by name. Only before anything runs inside.
 */
export async function makePrivate(path: string, source: PrivateSource): Promise<ReadonlyMap<string, string>> {
  const { commonDir, adminDir, branch } = source
  const [settings, refs, head] = await Promise.all([
    // One question to git for all of it: who commits, how files are written, filters, where hooks lie.
    listSettings(commonDir),
    givenRefs(source),
    readFile(join(adminDir, 'HEAD'), 'utf8'),
  ])
  const hooks = hooksOf(source, settings)
  const config = await privateConfig(settings, hooks)
  await makeGitDirectory({ commonDir }, { path, head: head.trim(), config })
  await mkdir(join(path, 'refs', 'tags'), { recursive: true })
  await writeFile(join(path, 'packed-refs'), packed(refs))
  // Loose, as git leaves it after a commit.
  const tip = refs.get(`refs/heads/${branch}`)?.oid
  if (tip === undefined) throw new Fault(`The branch ${branch} of the lane is gone.`, { retry: 'never' })
  if (existsSync(join(adminDir, 'index'))) await copyIndex(join(adminDir, 'index'), join(path, 'index'))
  for (const name of OPERATIONS)
    if (existsSync(join(adminDir, name)))
      await cp(join(adminDir, name), join(path, name), { recursive: true, verbatimSymlinks: true })
  if (hooks === 'own') await copyHooks(source, path)
  return new Map([...refs].map(([name, { oid }]) => [name, oid]))
}

interface GivenRef {
  readonly oid: string
  /** What an annotated tag leads to. */
  readonly peeled: string
}

/** Not the branches of other lanes: they come and go, and are none of this lane's business. */
async function givenRefs(source: PrivateSource): Promise<Map<string, GivenRef>> {
  const { commonDir, branch, base, tip } = source
  const format = '--format=%(objectname) %(*objectname) %(refname)%00'
  const wanted = [`refs/heads/${branch}`, `refs/heads/${base}`, 'refs/tags', 'refs/remotes']
  const { stdout } = await git({ gitDir: commonDir }, ['for-each-ref', format, ...wanted])
  const refs = new Map<string, GivenRef>()
  if (tip !== undefined) refs.set(`refs/heads/${branch}`, { oid: tip, peeled: '' })
  for (const line of stdout.split('\0\n')) {
    const [, oid = '', peeled = '', name = ''] = /^(\S+) (\S*) (\S+)$/.exec(line) ?? []
    // A symbolic ref such as origin/HEAD would have to be one here too.
    if (name !== '' && !name.endsWith('/HEAD')) refs.set(name, { oid, peeled })
  }
  return refs
}

/** The format of git's packed-refs (refs/packed-backend.c). */
function packed(refs: ReadonlyMap<string, GivenRef>): string {
  const names = [...refs.keys()].sort((a, b) => (a < b ? -1 : 1))
  const lines = names.flatMap((name) => {
    const { oid = '', peeled = '' } = refs.get(name) ?? {}
    return peeled === '' ? [`${oid} ${name}`] : [`${oid} ${name}`, `^${peeled}`]
  })
  return `${['# pack-refs with: peeled fully-peeled sorted ', ...lines].join('\n')}\n`
}

async function privateConfig(settings: readonly Setting[], hooks: Hooks): Promise<string> {
  return [
    ownConfig(settings).replace('logallrefupdates = false', 'logallrefupdates = true'),
    ...(hooks === 'own' || 'outside' in hooks ? [] : ['[core]', `\thooksPath = ${quoted(hooks.inside)}`]),
    '[user]',
    ...Object.entries(identity(settings)).map(([key, value]) => `\t${key} = ${quoted(value)}`),
    '[commit]',
    '\tgpgSign = false',
    // Debian 12's git can lose a file in a "clean" merge otherwise (t6423 12i2, fixed in 2.51.1).
    '[merge]',
    '\tdirectoryRenames = false',
    ...(await filterConfig(settings)),
    '',
  ].join('\n')
}

/** As git finds it (git-commit(1), Commit information), and ours where the user has told it nothing. */
function identity(settings: readonly Setting[]): Person {
  const find = (variable: string, ...keys: string[]): string | undefined =>
    process.env[variable] ?? keys.map((key) => settings.findLast(([name]) => name === key)?.[1]).find(Boolean)
  return {
    name: find('GIT_COMMITTER_NAME', 'committer.name', 'user.name') ?? FALLBACK_IDENTITY.name,
    email: find('GIT_COMMITTER_EMAIL', 'committer.email', 'user.email') ?? FALLBACK_IDENTITY.email,
  }
}

/** The hooks that people have here run inside too, for commits of the agent. */
async function copyHooks({ commonDir }: PrivateSource, path: string): Promise<void> {
  const from = join(commonDir, 'hooks')
  const names = await readdir(from).catch(() => [])
  await mkdir(join(path, 'hooks'), { recursive: true })
  for (const name of names.filter((one) => !one.endsWith('.sample'))) {
    const stat = await lstat(join(from, name))
    if (!stat.isFile() || stat.size > 1_000_000) continue
    await copyFile(join(from, name), join(path, 'hooks', name))
    await chmod(join(path, 'hooks', name), 0o755)
  }
}
