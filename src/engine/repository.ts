import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { type Refusal, refuse } from '../board/refusal.ts'
import { git } from '../host/git/git.ts'
import { isHeadWhole } from '../host/git/repository.ts'
import { fenceOff } from '../host/git/worktree.ts'
import { transact } from '../ledger/transact.ts'
import { readyLanesDirectory } from './lanes-directory.ts'
import type { World } from './world.ts'

/** Settings of a repository that change how lanes can be made; read in one git call. */
const ASKED = '^(core\\.repositoryformatversion|extensions\\..*|remote\\..*\\.promisor)$'
/** Section and key stand in the file as they are (git-config(1)): where the word is missing, git need not be asked. */
const MENTIONED = /extensions|promisor|repositoryformatversion\s*=\s*[^01\s]/i
/** Extensions that our own metadata works with. */
const KNOWN_EXTENSIONS = new Set([
  'extensions.objectformat',
  'extensions.worktreeconfig',
  'extensions.partialclone',
  'extensions.preciousobjects',
])

/** Whether lanes can be made here, said before anything changes. */
export async function readyRepository(world: World): Promise<Refusal | null> {
  if (!isHeadWhole(world.repository.rootGitDir))
    return refuse(
      'broken-head',
      'HEAD of this repository is empty or damaged, so that git does not take it for one.',
      `Write into ${join(world.repository.rootGitDir, 'HEAD')} what was checked out, such as: ref: refs/heads/main`,
    )
  for (const [key, value] of await settingsThatMatter(world.repository.commonDir)) {
    if (key.endsWith('.promisor') && value === 'true')
      return refuse(
        'partial-clone',
        'This is a partial clone, whose lanes could miss objects.',
        'Get them all with: git fetch --refetch --no-filter, then git config --unset remote.origin.promisor',
      )
    if (key === 'core.repositoryformatversion' && Number(value) > 1)
      return refuse(
        'unknown-format',
        `The repository has format ${value}, which git does not know yet either.`,
        'See: git config core.repositoryFormatVersion',
      )
    if (key.startsWith('extensions.') && !KNOWN_EXTENSIONS.has(key))
      return refuse(
        'unknown-extension',
        `The repository uses ${key}, which Worklane does not know yet.`,
        'Lanes need a repository in the ordinary format (refs as files).',
      )
  }
  return await readyLanesDirectory(world)
}

async function settingsThatMatter(commonDir: string): Promise<(readonly [key: string, value?: string])[]> {
  if (!MENTIONED.test(await readFile(join(commonDir, 'config'), 'latin1').catch(() => 'extensions')))
    return []
  // Of the file: `--local` fails in a repository whose format git does not know.
  const { stdout } = await git(
    { gitDir: commonDir },
    ['config', '--file', join(commonDir, 'config'), '-z', '--get-regexp', ASKED],
    { answers: [0, 1] },
  )
  return stdout.split('\0').map((entry) => entry.split('\n') as [string, string?])
}

/** What we add to `info/exclude`; null where lanes live outside of the main worktree. */
function excludedLine(world: World): string | null {
  const inside = relative(
    world.repository.root,
    resolve(world.repository.root, world.settings.lanes.directory),
  )
  return inside.startsWith('..') || inside === '' ? null : `# Lanes of worklane\n/${inside}/\n`
}

/** `info/exclude` without what we ever added to it, also for directories that the settings named before. */
export function withoutOurs(exclude: string): string {
  return exclude.replace(/^# Lanes of worklane\n\/.*\/\n/gm, '')
}

/**
 * Before the first lane is made: the one entry in `info/exclude` that keeps lanes out of `git status`, `git add -A` and
 * `git clean -ffd` of the main checkout, and the fence that keeps what is left of them from being taken for it.
 */
export async function hideLanes(world: World): Promise<void> {
  const ours = excludedLine(world)
  if (ours === null) return
  await fenceOff(resolve(world.repository.root, world.settings.lanes.directory))
  const file = join(world.repository.commonDir, 'info', 'exclude')
  const read = async (): Promise<string> => await readFile(file, 'utf8').catch(() => '')
  if ((await read()).includes(ours)) return
  await mkdir(join(world.repository.commonDir, 'info'), { recursive: true })
  // For the ledger's lock alone: who makes a lane at the same time adds nothing any more.
  await transact(world.ledger, world.actor, async () => {
    const current = await read()
    const before = current === '' || current.endsWith('\n') ? '' : '\n'
    if (!current.includes(ours)) await appendFile(file, `${before}${ours}`)
  })
}
