import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { type Refusal, refuse } from '../board/refusal.ts'
import { git } from '../host/git/git.ts'
import { fenceOff } from '../host/git/worktree.ts'
import type { World } from './world.ts'

/** Settings of a repository that change how lanes can be made; read in one git call. */
const ASKED = '^(core\\.bare|extensions\\..*|remote\\..*\\.promisor|core\\.repositoryformatversion)$'
/** Extensions that our own metadata works with. */
const KNOWN_EXTENSIONS = new Set([
  'extensions.objectformat',
  'extensions.worktreeconfig',
  'extensions.partialclone',
  'extensions.preciousobjects',
])

/**
 * Whether lanes can be made here, said before anything changes, and the one entry in `info/exclude` that keeps lanes
 * out of `git status`, `git add -A` and `git clean -ffd` of the main checkout. The fence keeps what is left of them from
 * being taken for the main checkout.
 */
export async function readyRepository(world: World): Promise<Refusal | null> {
  const { stdout } = await git(
    { gitDir: world.repository.commonDir },
    ['config', '--local', '-z', '--get-regexp', ASKED],
    { answers: [0, 1] },
  )
  const entries = stdout.split('\0').map((entry) => entry.split('\n') as [string, string?])
  for (const [key, value] of entries) {
    if (key.endsWith('.promisor') && value === 'true')
      return refuse(
        'partial-clone',
        'This is a partial clone, whose lanes could miss objects.',
        'Get them all with: git fetch --refetch --no-filter, then git config --unset remote.origin.promisor',
      )
    if (key.startsWith('extensions.') && !KNOWN_EXTENSIONS.has(key))
      return refuse(
        'unknown-extension',
        `The repository uses ${key}, which Worklane does not know yet.`,
        'Lanes need a repository in the ordinary format (refs as files).',
      )
  }
  await excludeLanes(world)
  return null
}

/** What we add to `info/exclude`; null where lanes live outside of the main worktree. */
export function excludedLine(world: World): string | null {
  const inside = relative(
    world.repository.root,
    resolve(world.repository.root, world.settings.lanes.directory),
  )
  return inside.startsWith('..') || inside === '' ? null : `# Lanes of worklane\n/${inside}/\n`
}

async function excludeLanes(world: World): Promise<void> {
  const ours = excludedLine(world)
  if (ours !== null) await fenceOff(resolve(world.repository.root, world.settings.lanes.directory))
  const file = join(world.repository.commonDir, 'info', 'exclude')
  const current = await readFile(file, 'utf8').catch(() => '')
  if (ours === null || current.includes(ours)) return
  await mkdir(join(world.repository.commonDir, 'info'), { recursive: true })
  await appendFile(file, `${current === '' || current.endsWith('\n') ? '' : '\n'}${ours}`)
}
