import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import type { WallsPolicy } from './bubblewrap.ts'

/** Where a Linux distribution keeps its programs (file-hierarchy(7), and the stores of Nix, Guix and Snap). */
const PROGRAMS = ['/usr', '/opt', '/nix', '/gnu', '/snap', '/sys/devices/system/cpu']
/** Directories of the root that are links into /usr today, and were not always. */
const ROOT = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']

/**
 * What programs need of /etc: libraries, certificates, names, time zones, terminals. No accounts, host keys or jobs.
 * Files are copied, since each mount makes every start slower; directories are shown.
 */
const ETC_FILES = [
  ...['ca-certificates.conf', 'debian_version', 'gai.conf', 'host.conf', 'hosts', 'inputrc', 'ld.so.cache'],
  ...['ld.so.conf', 'locale.alias', 'locale.conf', 'localtime', 'lsb-release', 'magic', 'mime.types'],
  ...['nsswitch.conf', 'os-release', 'protocols', 'resolv.conf', 'services', 'shells', 'timezone'],
]
const ETC_DIRECTORIES = [
  ...['alternatives', 'ca-certificates', 'crypto-policies', 'fonts', 'java-11-openjdk', 'java-17-openjdk'],
  ...['java-21-openjdk', 'ld.so.conf.d', 'pki', 'ssl'],
]

/** The programs of the machine, as far as they lie where distributions put them. */
export function systemDirectories(): WallsPolicy['system'] {
  return remembered('programs', findPrograms)
}

function findPrograms(): WallsPolicy['system'] {
  const directories = PROGRAMS.filter((path) => existsSync(path))
  const links: [string, string][] = []
  for (const path of ROOT) {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat?.isSymbolicLink() === true) links.push([readlinkSync(path), path])
    else if (stat?.isDirectory() === true) directories.push(path)
  }
  return { directories, links }
}

/** The files of /etc by name, each as it is where it really lies: resolv.conf is often a link into /run. */
export function systemFiles(): ReadonlyMap<string, Buffer> {
  return remembered('files', () => {
    const found = new Map<string, Buffer>()
    for (const name of ETC_FILES) {
      const stat = statSync(join('/etc', name), { throwIfNoEntry: false })
      if (stat?.isFile() === true && stat.size < LARGEST_FILE)
        found.set(name, readFileSync(join('/etc', name)))
    }
    return found
  })
}

/** The directories of /etc, by name. */
export function systemFileDirectories(): readonly string[] {
  return remembered('directories', () => ETC_DIRECTORIES.filter((name) => isDirectory(join('/etc', name))))
}

const LARGEST_FILE = 4 * 1024 * 1024

/** A machine changes seldom, and every start asks: an answer holds for so many milliseconds. */
const HOLDS = 10_000

const known = new Map<string, { readonly until: number; readonly answer: unknown }>()

function remembered<T>(what: string, look: () => T): T {
  const before = known.get(what)
  if (before !== undefined && before.until > performance.now()) return before.answer as T
  const answer = look()
  known.set(what, { until: performance.now() + HOLDS, answer })
  return answer
}

/** Directories whose neighbours are none of a program's business: they hold logins, or everything. */
const PRIVATE = ['.local', '.cargo', '.config', '.cache']
/** What stands beside `bin` where something is installed, and not where somebody works or keeps a login. */
const INSTALLED = new RegExp(
  [
    '^(s?bin|shims|lib(32|64|exec)?|share|include|man|docs?|node_modules|package.json|pyvenv.cfg',
    'versions?|installs?|candidates|toolchains|plugins|completions',
    'api|misc|pkg|src|test|go.env|codereview.cfg|conf|jmods|legal|release|demo',
    'envs|pkgs|condabin|conda-meta|compiler_compat|ssl|shell|cellar|opt|homebrew|tools|platform|\\w+env\\.d',
    '(readme|licen[cs]e|notice|changelog|copying|copyright|authors|contributing|security|patents|third).*)$',
  ].join('|'),
  'i',
)

/** What stays hidden, whatever PATH says. */
export interface Hidden {
  readonly home: string
  /** The main checkout. */
  readonly root: string
  readonly commonDir: string
  /** Where lanes lie: what agents put there is nothing to follow. */
  readonly lanes: string
}

/**
 * What the directories on PATH need to work, where they lie outside of the system's: the directory, for `…/bin` what is
 * installed beside it (lib, share), and what their links lead to. Never HOME, the main checkout or what is above them;
 * nothing of a project but its programs.
 */
export function toolDirectories(path: string, hidden: Hidden): string[] {
  return remembered(`tools ${JSON.stringify(hidden)} ${path}`, () => findTools(path, hidden))
}

function findTools(path: string, hidden: Hidden): string[] {
  const { home, commonDir, lanes } = hidden
  const system = [...PROGRAMS, ...ROOT]
  const isOutside = (place: string): boolean => !system.some((top) => isIn(place, top))
  const found = new Set<string>()
  const add = (places: readonly string[]): void => places.forEach((place) => void found.add(place))
  for (const directory of path.split(delimiter)) {
    if (!directory.startsWith('/') || !isDirectory(directory) || !isOutside(directory)) continue
    if (isIn(realpathSync(directory), lanes)) continue
    add(installation(directory, hidden))
    for (const target of linkTargets(directory)) {
      if (!isOutside(target)) continue
      const place = dirname(target)
      add(namesIn(place).some(isOfProject) ? [target] : installation(place, hidden))
    }
  }
  if (existsSync(join(home, '.cargo/bin')) && existsSync(join(home, '.rustup')))
    found.add(join(home, '.rustup'))
  const isHidden = (place: string): boolean =>
    Object.values(hidden).some((one) => isIn(one, place)) || isIn(place, commonDir) || isIn(place, lanes)
  return [...found].filter((place) => !isHidden(place))
}

/** The outermost node_modules; for `bin` what is installed with it: all that it lies in, or what can be told of it. */
function installation(directory: string, { home, root }: Hidden): string[] {
  const modules = directory.indexOf('/node_modules')
  if (modules > 0) return [directory.slice(0, modules + '/node_modules'.length)]
  const above = dirname(directory)
  const isPrivate = above === home || above === '/' || PRIVATE.includes(basename(above))
  if (basename(directory) !== 'bin' || isPrivate) return [directory]
  const names = namesIn(above)
  if (names.every((name) => INSTALLED.test(name))) return [above]
  // Version managers are clones too, and lie in directories such as ~/.pyenv.
  const isManager = dirname(above) === home && basename(above).startsWith('.')
  if (isIn(above, root) || (names.some(isOfProject) && !isManager)) return [directory]
  return names.filter((name) => INSTALLED.test(name)).map((name) => join(above, name))
}

function isOfProject(name: string): boolean {
  return name === '.git' || name.startsWith('.env')
}

/** Whether a path is a directory or lies below it. */
export function isIn(path: string, directory: string): boolean {
  return path === directory || directory === '/' || path.startsWith(`${directory}/`)
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
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

/** False too where we may not look: what we cannot run from PATH, programs inside need not see. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
