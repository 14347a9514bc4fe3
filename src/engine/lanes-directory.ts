import { lstat, readdir, readFile, realpath } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { type Refusal, refuse } from '../board/refusal.ts'
import { git } from '../host/git/git.ts'
import { FENCE } from '../host/git/worktree.ts'
import { mainCheckout } from './main-checkout.ts'
import type { World } from './world.ts'

/** Whether the directory of the settings can hold lanes; null: it can. Changes nothing. */
export async function readyLanesDirectory(world: World): Promise<Refusal | null> {
  const path = resolve(world.repository.root, world.settings.lanes.directory)
  const real = await realpath(path).catch(() => null)
  if (real === null) return (await isLink(path)) ? no(path, 'is a link that leads nowhere') : null
  const names = await readdir(real).catch((error: NodeJS.ErrnoException) => error.code)
  if (names === 'ENOTDIR') return no(path, 'is a file')
  const home = await realpath(world.repository.commonDir)
  if (real === (await realpath(world.repository.root))) return no(path, 'is the main checkout itself')
  if (!relative(home, real).startsWith('..')) return no(path, "lies in git's own directory")
  if (!Array.isArray(names) || names.length === 0 || (await isFenced(real))) return null
  return (await holdsTracked(world, path)) ? no(path, 'holds files of the repository') : null
}

function no(path: string, why: string): Refusal {
  return refuse(
    'lanes-directory',
    `${path}, where lanes would be made, ${why}.`,
    'Move it away, or name another place in worklane.yaml: lanes.directory',
  )
}

/** Not only whether it is there: another process may have made the directory since. */
async function isLink(path: string): Promise<boolean> {
  return await lstat(path).then(
    (is) => is.isSymbolicLink(),
    () => false,
  )
}

async function isFenced(directory: string): Promise<boolean> {
  return (await readFile(join(directory, '.git'), 'utf8').catch(() => null)) === FENCE
}

async function holdsTracked(world: World, path: string): Promise<boolean> {
  const inside = relative(world.repository.root, path)
  if (inside.startsWith('..')) return false
  const { stdout } = await git(mainCheckout(world), ['ls-files', '-z', '--', `:(literal)${inside}`])
  return stdout !== ''
}
