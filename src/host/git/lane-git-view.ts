import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bind } from '../sandbox/bubblewrap.ts'
import { INSIDE } from '../sandbox/walls.ts'

export interface LaneGit {
  /** The git directory of a lane, which its programs can write. */
  readonly path: string
  /** What its HEAD says. */
  readonly head: Uint8Array
  /** Whose objects it borrows. */
  readonly commonDir: string
  readonly format: 'sha1' | 'sha256'
}

/** Where git finds it inside. */
export const VIEW = `${INSIDE}/git`

/** As git makes them (gitrepository-layout(5)); `info` is left out, for its grafts. */
const LED = ['refs', 'packed-refs', 'shallow', 'worktrees']
/** Directories of loose objects, and of packs. */
const OBJECTS = /^(pack|[0-9a-f]{2})$/

/**
 * Makes a git directory of ours at `directory`, through whose links git inside walls reads the objects, refs and reflogs
 * of a lane's own. Settings and where objects come from are ours: one that includes a FIFO would hang git, one that
 * fetches what is missing runs a program. Mounted over those of the lane they would have to be found there, through
 * whatever link its programs put in their place meanwhile. Reflogs are mounted in ours: git looks for them behind no
 * link (dir_iterator_begin in git 2.39).
 */
export function layView(directory: string, { path, head, commonDir, format }: LaneGit): Bind[] {
  mkdirSync(join(directory, 'logs'), { recursive: true, mode: 0o755 })
  mkdirSync(join(directory, 'objects', 'info'), { recursive: true, mode: 0o755 })
  const settings = format === 'sha1' ? [0, ''] : [1, '[extensions]\n\tobjectformat = sha256\n']
  const config = `[core]\n\trepositoryformatversion = ${settings[0]}\n\tbare = false\n${settings[1]}`
  writeFileSync(join(directory, 'HEAD'), head)
  writeFileSync(join(directory, 'config'), config)
  writeFileSync(join(directory, 'objects', 'info', 'alternates'), `${join(commonDir, 'objects')}\n`)
  for (const name of LED) symlinkSync(join(path, name), join(directory, name))
  for (const name of readdirSync(join(path, 'objects')).filter((one) => OBJECTS.test(one)))
    symlinkSync(join(path, 'objects', name), join(directory, 'objects', name))
  return [
    { from: directory, to: VIEW },
    { from: join(path, 'logs'), to: `${VIEW}/logs`, optional: true },
  ]
}
