import { randomBytes } from 'node:crypto'
import { lchownSync, lstatSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../fault.ts'
import { type Mount, mountsOf, type WallsPolicy } from './bubblewrap.ts'

/**
 * Makes what bubblewrap mounts on in directories that programs inside can write. It would make that itself, through
 * links too, and while it does the whole machine lies at /oldroot (bubblewrap 0.8): a link that an earlier program left
 * would have it make files there. Nothing that can write in HOME or /tmp may be running.
 * @throws Fault for a link in what is not the walls' own
 */
export function layMountPoints(policy: WallsPolicy): void {
  const all = mountsOf(policy)
  for (const mount of all) {
    const around = all.filter(({ to }) => mount.to.startsWith(`${to}/`)).at(-1)
    if (around?.how !== '--bind') continue
    const parts = mount.to.slice(around.to.length + 1).split('/')
    const isOwn = policy.homes.some(({ from }) => from === around.from)
    for (const [at] of parts.entries()) {
      const path = join(around.from, ...parts.slice(0, at + 1))
      const kind = at < parts.length - 1 ? 'directory' : kindOf(mount)
      if (isOwn) lay(path, kind, policy.uid)
      else if (!isRight(path, kind, true)) throw inTheWay(path)
    }
  }
}

type Kind = 'directory' | 'file'

function kindOf({ how, from }: Mount): Kind {
  const is = how === '--tmpfs' ? undefined : statSync(from, { throwIfNoEntry: false })
  return is === undefined || is.isDirectory() ? 'directory' : 'file'
}

/** `missing`: what it is where nothing is there. */
function isRight(path: string, kind: Kind, missing: boolean): boolean {
  const is = lstatSync(path, { throwIfNoEntry: false })
  return is === undefined ? missing : kind === 'directory' ? is.isDirectory() : is.isFile()
}

/** What an earlier program put in its place is kept beside it. */
function lay(path: string, kind: Kind, uid: number | null): void {
  if (isRight(path, kind, false)) return
  if (!isRight(path, kind, true)) renameSync(path, `${path}.${randomBytes(6).toString('hex')}`)
  try {
    if (kind === 'directory') mkdirSync(path, { mode: 0o755 })
    else writeFileSync(path, '', { flag: 'wx', mode: 0o644 })
  } catch (error) {
    // Several may look at a lane at once, and another has made it just now.
    if (!isRight(path, kind, false)) throw error
  }
  if (uid !== null) lchownSync(path, uid, uid)
}

function inTheWay(path: string): Fault {
  return new Fault(`The walls cannot be built: ${path} is not what is to be shown there.`, {
    retry: 'never',
    hint: 'Move it away: what is mounted there would lie where it leads.',
  })
}
