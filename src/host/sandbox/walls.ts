import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { chown, mkdir } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { objectDirectories } from '../git/alternates.ts'
import { type Bind, bubblewrap, type WallsPolicy } from './bubblewrap.ts'
import { callFilter } from './call-filter.ts'
import { layMountPoints } from './mount-points.ts'
import { isIn, systemDirectories, systemFileDirectories, systemFiles, toolDirectories } from './system.ts'

/** The walls around a directory: what runs inside sees the directory, the machine's programs and little else. */
export interface Walls {
  /** The uid of what runs inside; null: ours. */
  readonly uid: number | null
  /** HOME as it is called inside, and outside too. */
  readonly home: string
  /** The command line that runs `argv` inside, now: what it mounts on is made. */
  wrap(argv: readonly string[], more?: MoreBinds): string[]
  /** What an environment has to say inside in place of what it says outside. */
  environment(env: Readonly<Record<string, string>>): Record<string, string>
}

/** Shown to one program alone. */
export interface MoreBinds {
  /** Directory to start in. */
  readonly cwd?: string
  readonly readable?: readonly Bind[]
  readonly writable?: readonly Bind[]
}

export interface WallsRequest {
  /** The directory that the walls stand around; programs start in it. */
  readonly directory: string
  /** Ours, for the private HOME and /tmp and what else belongs to these walls. */
  readonly room: string
  readonly uid: number | null
  /** The main checkout: its place is shown empty. */
  readonly root: string
  /** Shown empty too, wherever it lies, but for its objects. */
  readonly commonDir: string
  /** What git-lfs keeps of its files; seen where it looks for it, beside the objects; null or left out: nothing. */
  readonly lfsObjects?: string | null
  /** Where lanes lie. */
  readonly lanes: string
  /** A git directory of the walls' own, which the directory's `.git` leads to. */
  readonly gitDirectory: string | null
  /** What people let it read and write beside, as absolute paths. */
  readonly readable: readonly string[]
  readonly writable: readonly string[]
  /** Further directories that are shown empty. */
  readonly hidden?: readonly string[]
  /** HOME too, for git of ours: a `.gitconfig` that the lane's programs left there would tell it what to run. */
  readonly emptyHome?: boolean
  /** Nor is anything kept in /tmp: several programs may be at work, and nothing is mounted in what another can write. */
  readonly scratch?: boolean
  /** The directory itself cannot be written either. */
  readonly onlyReads?: boolean
  readonly network: boolean
}

/** Where a program inside finds what is its own: `prompt.md`, sockets. */
export const INSIDE = '/run/worklane'

/** Makes the walls' room and answers the walls. Nothing runs yet. */
export async function buildWalls(request: WallsRequest): Promise<Walls> {
  const { uid, room, emptyHome, scratch } = request
  await mkdir(room, { recursive: true, mode: 0o700 })
  for (const name of [...(emptyHome === true ? [] : ['home']), ...(scratch === true ? [] : ['tmp'])]) {
    await mkdir(join(room, name), { recursive: true, mode: 0o700 })
    if (uid !== null) await chown(join(room, name), uid, uid)
  }
  const user = userOf(uid)
  layEtc(request, user)
  const policy = policyOf(request, user)
  return {
    uid,
    home: user.home,
    wrap: wrapIn(policy),
    environment: (env) => ({
      ...without(env, LEADS_OUT),
      HOME: user.home,
      TMPDIR: '/tmp',
      USER: user.name,
      LOGNAME: user.name,
    }),
  }
}

/**
 * Walls for git of ours that reads a lane's own git directory: the rest of the lane is not even there. Few mounts make a
 * quick start.
 */
export function gitWalls({
  uid,
  room,
  root,
  commonDir,
  lanes,
  gitDirectory,
}: Pick<WallsRequest, 'uid' | 'room' | 'root' | 'commonDir' | 'lanes'> & {
  readonly gitDirectory: string
}): Walls {
  const tools = toolDirectories(process.env.PATH ?? '', { home: homedir(), root, commonDir, lanes })
  const policy: WallsPolicy = {
    cwd: '/',
    uid,
    system: systemDirectories(),
    hidden: [],
    homes: [],
    scratch: false,
    readable: [
      ...tools.filter((path) =>
        ['git', 'bin/git', '../bin/git'].some((name) => existsSync(join(path, name))),
      ),
      ...objectDirectories(join(commonDir, 'objects')),
      gitDirectory,
    ].map((from) => ({ from })),
    writable: [],
    pinned: [],
    network: false,
    filter: layFilter(room, false),
  }
  return {
    uid,
    home: '/',
    wrap: wrapIn(policy),
    environment: (env) => ({ ...without(env, LEADS_OUT), HOME: '/', TMPDIR: '/' }),
  }
}

/**
 * As root a lane's top directory and what people let it read are root's, and git refuses what is somebody else's
 * (git-config(1), safe.directory). Inside nobody is to be protected from a repository: whatever it makes git run runs
 * there. Single directories would not do: `git fetch .` asks for `.` (git 2.39.5).
 */
const GIT_CONFIG = '[safe]\n\tdirectory = *\n'

/** Variables that lead to what is not there inside: sockets, and git settings in a file of the user's. */
const LEADS_OUT = [
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'SSH_AUTH_SOCK',
  'GNUPGHOME',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
]

function without(env: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)))
}

function wrapIn(policy: WallsPolicy): Walls['wrap'] {
  return (argv, more) => {
    const whole = withMore(policy, more)
    layMountPoints(whole)
    return bubblewrap(whole, argv)
  }
}

function withMore(
  policy: WallsPolicy,
  { cwd = policy.cwd, readable = [], writable = [] }: MoreBinds = {},
): WallsPolicy {
  return {
    ...policy,
    cwd,
    readable: [...policy.readable, ...readable],
    writable: [...policy.writable, ...writable],
  }
}

function policyOf(request: WallsRequest, user: User): WallsPolicy {
  const { directory, room, uid, root, commonDir, lanes, gitDirectory, network } = request
  const { emptyHome = false, scratch = false, lfsObjects = null } = request
  const git = gitDirectory === null ? [] : [gitDirectory]
  const etc = systemFileDirectories().map((name) => ({
    from: realpathSync(join('/etc', name)),
    to: join('/etc', name),
  }))
  return {
    cwd: directory,
    uid,
    system: systemDirectories(),
    hidden: [...hiddenOf(request, user.home), ...(emptyHome ? [user.home] : []), ...(request.hidden ?? [])],
    homes: [
      ...(emptyHome ? [] : [{ from: join(room, 'home'), to: user.home }]),
      ...(scratch ? [] : [{ from: join(room, 'tmp'), to: '/tmp' }]),
    ],
    scratch,
    readable: [
      { from: join(room, 'etc'), to: '/etc' },
      ...etc,
      ...toolDirectories(process.env.PATH ?? '', { home: user.home, root, commonDir, lanes }).map((from) => ({
        from,
      })),
      ...objectDirectories(join(commonDir, 'objects')).map((from) => ({ from })),
      ...(lfsObjects === null ? [] : [{ from: lfsObjects, to: join(commonDir, 'lfs', 'objects') }]),
      ...request.readable.map((from) => ({ from })),
    ],
    writable: [
      ...[...(request.onlyReads === true ? [] : [directory]), ...git].map((from) => ({ from })),
      ...request.writable.map((from) => ({ from })),
    ],
    pinned: gitDirectory === null ? [] : [{ from: gitLink(room, gitDirectory), to: join(directory, '.git') }],
    network,
    filter: layFilter(room, network),
  }
}

function layFilter(room: string, network: boolean): string | null {
  const filter = callFilter(network)
  const file = join(room, network ? 'calls' : 'calls-offline')
  if (filter === null) return null
  putFile(file, filter)
  return file
}

/**
 * Where the main checkout is or holds HOME or /tmp, the private ones stand there. In them a lane could make what the git
 * directory holds; nothing of it would be real, and the self-test could not tell.
 */
function hiddenOf({ root, commonDir }: WallsRequest, home: string): string[] {
  const isShown = isIn(home, root) || isIn('/tmp', root)
  return [...(isShown ? [] : [root]), ...(!isShown && isIn(commonDir, root) ? [] : [commonDir])]
}

/** The `.git` file that is seen inside. */
function gitLink(room: string, gitDirectory: string): string {
  const file = join(room, 'gitlink')
  putFile(file, `gitdir: ${gitDirectory}\n`)
  return file
}

interface User {
  readonly uid: number
  readonly name: string
  readonly home: string
  readonly shell: string
}

/** The user that programs inside take themselves for: our name and HOME, the uid of the walls. */
function userOf(uid: number | null): User {
  const home = homedir()
  try {
    const { username, shell } = userInfo()
    return {
      uid: uid ?? process.getuid?.() ?? 0,
      name: uid === null ? username : 'lane',
      home,
      shell: shell ?? '/bin/sh',
    }
  } catch {
    return { uid: uid ?? process.getuid?.() ?? 0, name: 'lane', home, shell: '/bin/sh' }
  }
}

/**
 * /etc as it is inside: the machine's, as far as programs need it, and who they are. The lane's top directory stays
 * root's, so that git takes it for a person's own outside too; inside it is told to trust it.
 */
function layEtc(request: WallsRequest, { uid, name, home, shell }: User): void {
  const etc = join(request.room, 'etc')
  for (const [file, content] of systemFiles()) putFile(join(etc, file), content)
  for (const directory of systemFileDirectories()) mkdirSync(join(etc, directory), { recursive: true })
  const users = [`root:x:0:0:root:/root:/bin/sh`, `${name}:x:${uid}:${uid}:${name}:${home}:${shell}`]
  putFile(join(etc, 'passwd'), `${users.join('\n')}\nnobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n`)
  putFile(join(etc, 'group'), `root:x:0:\n${name}:x:${uid}:\nnogroup:x:65534:\n`)
  putFile(join(etc, 'gitconfig'), GIT_CONFIG)
}

/** Written only where it differs: walls that stand have it mounted. */
function putFile(path: string, content: string | Buffer): void {
  const text = Buffer.from(content)
  try {
    if (readFileSync(path).equals(text)) return
  } catch {
    // Not there yet.
  }
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text, { mode: 0o644 })
}
