import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CONTROLLERS, type Controller } from './controllers.ts'

/**
 * systemd gives whoever is logged in a control group of their own (org.freedesktop.systemd1(5): StartTransientUnit),
 * where that of the session belongs to root or lacks controllers.
 */
export interface ScopeOffer {
  readonly manager: 'user' | 'system'
  /** What it can hand down to us. */
  readonly controllers: readonly Controller[]
}

/** What is to be known of this machine; `root`: where its files are looked for. */
export interface ScopeSight {
  /** Our group and that of process 1, by their paths in the hierarchy of version 2. */
  readonly own: string
  readonly first: string
  /** Where that hierarchy is mounted. */
  readonly mount: string
  readonly uid: number
  readonly root?: string
}

/** Scopes of logins, terminals and desktop programs, whose limits nobody chose for us; `run-…` is by systemd-run(1). */
const SESSION = /^\/user\.slice\/(?:.*\/)?(?:session|app|vte-spawn|tmux-spawn)-[^/]*\.scope$/

/**
 * Null: it gives none. Only in the session of somebody who is logged in: a service, or a scope that somebody made, has
 * the limits that they wanted. Only beside systemd itself: it takes the numbers of processes as it sees them, and in
 * another PID namespace ours would name somebody else's.
 */
export function offeredScope({ own, first, mount, uid, root = '/' }: ScopeSight): ScopeOffer | null {
  if (!SESSION.test(own) || first !== '/init.scope') return null
  if (!hasBus(uid, root) || !isOnPath('busctl', root)) return null
  const manager = uid === 0 ? '' : `user.slice/user-${uid}.slice/user@${uid}.service`
  const offered = readText(join(mount, manager, 'cgroup.controllers'))
    .trim()
    .split(' ')
  const controllers = CONTROLLERS.filter((one) => offered.includes(one))
  return controllers.length === 0 ? null : { manager: uid === 0 ? 'system' : 'user', controllers }
}

/** Whether somebody can ask systemd at all: without a login through it, as by `su` or in a container, nobody answers. */
export function hasBus(uid: number, root = '/'): boolean {
  return existsSync(join(root, uid === 0 ? '/run/dbus/system_bus_socket' : `/run/user/${uid}/bus`))
}

/** The process that a scope of ours was made for, by the scope's name. */
export function ownerOfScope(name: string): { readonly pid: number; readonly start: string } | null {
  const [, pid, start] = /^worklane-(\d+)-(\d+)\.scope$/.exec(name) ?? []
  return pid === undefined || start === undefined ? null : { pid: Number(pid), start }
}

function isOnPath(name: string, root: string): boolean {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((directory) => existsSync(join(root, directory, name)))
}

/** Empty where there is nothing to read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
