import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import type { Bind, WallsPolicy } from './bubblewrap.ts'

/** Where a Linux distribution keeps its programs (file-hierarchy(7), and the stores of Nix, Guix and Snap). */
const PROGRAMS = ['/usr', '/opt', '/nix', '/gnu', '/snap', '/sys/devices/system/cpu']
/** Directories of the root that are links into /usr today, and were not always. */
const ROOT = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']

/** What programs need of /etc: libraries, certificates, names, time zones, terminals. No accounts, hosts keys or jobs. */
const ETC = [
  ...[
    'alternatives',
    'ca-certificates',
    'ca-certificates.conf',
    'crypto-policies',
    'debian_version',
    'fonts',
  ],
  ...['gai.conf', 'host.conf', 'hosts', 'inputrc', 'java-11-openjdk', 'java-17-openjdk', 'java-21-openjdk'],
  ...['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'locale.alias', 'locale.conf', 'localtime', 'lsb-release'],
  ...[
    'magic',
    'mime.types',
    'nsswitch.conf',
    'os-release',
    'perl',
    'pki',
    'protocols',
    'python3',
    'resolv.conf',
  ],
  ...['services', 'shells', 'ssl', 'terminfo', 'timezone', 'xdg'],
]

/** The programs of the machine, as far as they lie where distributions put them. */
export function systemDirectories(): WallsPolicy['system'] {
  const directories = PROGRAMS.filter((path) => existsSync(path))
  const links: [string, string][] = []
  for (const path of ROOT) {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat?.isSymbolicLink() === true) links.push([readlinkSync(path), path])
    else if (stat?.isDirectory() === true) directories.push(path)
  }
  return { directories, links }
}

/** Files of /etc, each from where it really lies: resolv.conf is often a link into /run. */
export function systemFiles(): Bind[] {
  return ETC.flatMap((name) => {
    const to = join('/etc', name)
    return existsSync(to) ? [{ from: realpathSync(to), to }] : []
  })
}

/** Directories whose neighbours are none of a program's business: they hold logins, or everything. */
const PRIVATE = ['.local', '.cargo', '.config', '.cache']

/**
 * What the directories on PATH need to work, where they lie outside of the system's: the directory, for `…/bin` what
 * stands beside it (lib, share), and what their links lead to. Never HOME itself.
 */
export function toolDirectories(path: string, home: string): string[] {
  const system = [...PROGRAMS, ...ROOT]
  const isOutside = (place: string): boolean =>
    !system.some((top) => place === top || place.startsWith(`${top}/`))
  const found = new Set<string>()
  for (const directory of path.split(delimiter)) {
    if (!directory.startsWith('/') || !isDirectory(directory) || !isOutside(directory)) continue
    found.add(installation(directory, home))
    for (const target of linkTargets(directory))
      if (isOutside(target)) found.add(installation(dirname(target), home))
  }
  if (existsSync(join(home, '.cargo/bin')) && existsSync(join(home, '.rustup')))
    found.add(join(home, '.rustup'))
  return [...found].filter((place) => place !== '/' && place !== home && !home.startsWith(`${place}/`))
}

/** The directory that a program is installed in: the outermost node_modules, the parent of bin, or just this one. */
function installation(directory: string, home: string): string {
  const modules = directory.indexOf('/node_modules')
  if (modules > 0) return directory.slice(0, modules + '/node_modules'.length)
  const above = dirname(directory)
  const isPrivate = above === home || above === '/' || PRIVATE.includes(basename(above))
  return basename(directory) === 'bin' && !isPrivate ? above : directory
}

/** The places that the links in a directory lead to. */
function linkTargets(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isSymbolicLink())
      .flatMap((entry) => {
        try {
          return [realpathSync(join(directory, entry.name))]
        } catch {
          return []
        }
      })
  } catch {
    return []
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
