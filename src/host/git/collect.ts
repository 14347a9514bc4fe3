import { closeSync, lstatSync, mkdirSync, opendirSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { execa } from 'execa'
import { whyNoRefs } from '../../board/ref-names.ts'
import { diskFull, Fault } from '../fault.ts'
import { freeDisk, isScarce } from '../files/free-disk.ts'
import { readPlainFile } from '../files/plain-file.ts'
import type { Bind } from '../sandbox/bubblewrap.ts'
import type { Walls } from '../sandbox/walls.ts'
import { inheritedEnvironment } from './inherited-environment.ts'
import { layView, VIEW } from './lane-git-view.ts'
import { limitHeap, whyTooMuch } from './most-heap.ts'

/** What a private git directory holds beyond what it was given, as it says itself: nothing of it is believed yet. */
export interface Collected {
  /** The commit that HEAD is at; null: none. */
  readonly head: string | null
  /** Refs by name that are new or changed. */
  readonly refs: ReadonlyMap<string, string>
  /** Commits that only a reflog names any more: amended, reset, older stashes. The newest of each line. */
  readonly lost: readonly string[]
  /** A pack of all objects that are its own. */
  readonly pack: string
}

export interface CollectRequest {
  /** The private git directory. */
  readonly path: string
  readonly walls: Walls
  /** Whose objects it borrows. */
  readonly commonDir: string
  /** The refs that it was given, and commits besides that the repository has. */
  readonly given: ReadonlyMap<string, string>
  readonly known: readonly string[]
  /** Bytes of a file that is not even packed. */
  readonly largestFile: number
  /** Ours, for the pack; nothing inside the walls sees it. */
  readonly outbox: string
  /** Ends it: everything stays in the lane, and is taken in another time. */
  readonly signal?: AbortSignal | undefined
}

const MOST_REFS = 1000
const MOST_LOST = 500
/** Files and directories in a private git directory. */
const MOST_ENTRIES = 500_000
/** Looked at before anything else gets its turn. */
const ENTRIES_AT_ONCE = 500
/** Bytes of what it says about itself. */
const LONGEST_ANSWER = 8 * 1024 * 1024
/** Milliseconds for an ordinary lane, for each megabyte of objects on top, and at most: those need not be what git wrote. */
const PATIENCE = 20_000
const PATIENCE_PER_MEGABYTE = 100
const MOST_PATIENCE = 10 * 60_000
/** Bytes of a block, in which `stat` counts what a file takes; its size may be of nothing. */
const BLOCK = 512

/**
 * One program inside the walls lists and packs, both at once. `--local` leaves out what the repository lent. A file that is too large
 * is left out, and missed when the rest is taken in. Ten large files that git compares must not need more memory than
 * it may have: the window shrinks to what is said here.
 */
const SCRIPT = `set -eu
exec 4<&0
git -c pack.windowMemory=64m pack-objects -q --threads=1 --local --all --reflog --filter=blob:limit=$1 --stdout --delta-base-offset <&4 &
packing=$!
git show-ref --head >&3 || true
echo -- >&3
git rev-list --parents --ignore-missing --max-count=20000 --reflog --not --all >&3
wait "$packing"`

/**
 * Only once every process of the run is gone.
 * @throws Fault `import-refused`: what it holds is not what git writes, or it does not answer in time
 */
export async function collect(request: CollectRequest): Promise<Collected> {
  const { path, walls, given, outbox, largestFile, signal: stop } = request
  const bytes = await plainFiles(path)
  const readable = viewOf(request, await headOf(request))
  const pack = join(outbox, 'objects.pack')
  const script = ['/bin/sh', '-c', `${limitHeap(largestFile)}\n${SCRIPT}`, 'sh', String(largestFile + 1)]
  const [file = '', ...args] = walls.wrap(script, { readable, cwd: '/' })
  const packed = openSync(pack, 'wx', 0o600)
  const { exitCode, signal, isMaxBuffer, stdio, timedOut, isCanceled, stderr } = await execa(file, args, {
    cwd: '/',
    env: environmentOf(request),
    extendEnv: false,
    detached: true,
    // Execa's types know descriptors only up to 9.
    stdio: ['pipe', packed as 9, 'pipe', 'pipe'],
    input: without(request),
    reject: false,
    stripFinalNewline: false,
    timeout: Math.round(Math.min(PATIENCE + (bytes / 1_000_000) * PATIENCE_PER_MEGABYTE, MOST_PATIENCE)),
    ...(stop === undefined ? {} : { cancelSignal: stop }),
    killSignal: 'SIGKILL',
    maxBuffer: { fd3: LONGEST_ANSWER, stderr: LONGEST_ANSWER },
  }).finally(() => closeSync(packed))
  if (isCanceled) throw notNow()
  if (timedOut === true) throw refused('it did not answer in time')
  const notStarted = exitCode === undefined && signal === undefined && !isMaxBuffer
  // As shells say that they find no bubblewrap, or cannot enter the group.
  if (notStarted || exitCode === 127 || exitCode === 125)
    throw new Fault('The walls around git could not be put up.', { retry: 'later' })
  if (exitCode !== 0 && isScarce(freeDisk(outbox)))
    throw diskFull('what the agent left in git could not be packed.')
  if (exitCode !== 0)
    throw refused(whyTooMuch(stderr, largestFile) ?? `git failed in it: ${lastLine(stderr)}`)
  return { ...readAnswer(stdio[3], given), pack }
}

function lastLine(said: string): string {
  return said.trim().split('\n').at(-1)?.slice(0, 200) ?? ''
}

/** Sizes and paths of the new files whose size has at least so many digits. */
const LARGE = `git rev-list --all --reflog --objects --stdin |
git cat-file --buffer --batch-check='%(objecttype) %(objectsize) %(rest)' | grep -E "^blob [0-9]{$1}"`
const PATIENCE_FOR_A_NAME = 10_000

/** A file that was left out because it is too large, for those who are told of it; null: the lane does not say. */
export async function tooLargeFile(request: CollectRequest): Promise<{ path: string; bytes: number } | null> {
  const { walls, largestFile } = request
  const readable = viewOf(request, await headOf(request))
  const script = [
    '/bin/sh',
    '-c',
    `${limitHeap(largestFile)}\n${LARGE}`,
    'sh',
    `${String(largestFile).length},`,
  ]
  const [file = '', ...args] = walls.wrap(script, { readable, cwd: '/' })
  const { stdout, exitCode } = await execa(file, args, {
    cwd: '/',
    env: environmentOf(request),
    extendEnv: false,
    detached: true,
    input: without(request),
    reject: false,
    timeout: PATIENCE_FOR_A_NAME,
    killSignal: 'SIGKILL',
    maxBuffer: { stdout: LONGEST_ANSWER, stderr: 4096 },
  })
  if (exitCode !== 0) return null
  const files = [...stdout.matchAll(/^blob (\d+) (.*)$/gm)]
  const [largest] = files
    .map(([, size, path = '']) => ({ path, bytes: Number(size) }))
    .filter(({ bytes }) => bytes > largestFile)
    .sort((one, other) => other.bytes - one.bytes)
  return largest ?? null
}

function environmentOf({ walls }: CollectRequest): NodeJS.ProcessEnv {
  const env = {
    ...inheritedEnvironment(),
    GIT_DIR: VIEW,
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
  }
  return { ...walls.environment(env), GIT_CONFIG_GLOBAL: '/dev/null' }
}

/** What the repository has already. */
function without({ given, known }: CollectRequest): string {
  return [...new Set([...given.values(), ...known])].map((oid) => `^${oid}\n`).join('')
}

/** Bytes of a HEAD. */
const LONGEST_HEAD = 4096

async function headOf({ path }: CollectRequest): Promise<Buffer> {
  const head = await readPlainFile(join(path, 'HEAD'), LONGEST_HEAD)
  if (head === null) throw refused('its HEAD cannot be read')
  return head.bytes
}

/** In one go, so that git has been started before the caller starts what waits for it. */
function viewOf({ path, commonDir, outbox, known }: CollectRequest, head: Buffer): Bind[] {
  rmSync(outbox, { recursive: true, force: true })
  mkdirSync(outbox, { recursive: true, mode: 0o700 })
  const format = known.every((oid) => oid.length === 40) ? 'sha1' : 'sha256'
  return layView(join(outbox, 'view'), { path, head, commonDir, format })
}

function readAnswer(answer: string, given: ReadonlyMap<string, string>): Omit<Collected, 'pack'> {
  const [shown = '', listed = ''] = answer.split(/^--$/m, 2)
  const refs = new Map<string, string>()
  let head: string | null = null
  for (const line of shown.split('\n').filter((one) => one !== '')) {
    const [, oid = '', name = ''] = /^([0-9a-f]{40}|[0-9a-f]{64}) (HEAD|refs\/\S+)$/.exec(line) ?? []
    if (oid === '') throw refused('it lists refs that git would not write')
    if (name === 'HEAD') head = oid
    else if (given.get(name) !== oid) refs.set(name, oid)
  }
  if (refs.size > MOST_REFS) throw refused(`it has ${refs.size} new refs`)
  const why = whyNoRefs([...refs.keys()])
  if (why !== null) throw refused(`it has ${why}`)
  return { head, refs, lost: newest(listed) }
}

/** Of `rev-list --parents`: the commits that are no parent of another. */
function newest(listed: string): string[] {
  const lines = listed.split('\n').filter((line) => line !== '')
  if (lines.some((line) => !/^[0-9a-f ]+$/.test(line)))
    throw refused('it lists commits that git would not write')
  const parents = new Set(lines.flatMap((line) => line.split(' ').slice(1)))
  const tips = lines.map((line) => line.split(' ')[0] ?? '').filter((oid) => !parents.has(oid))
  return tips.slice(0, MOST_LOST)
}

/** Bytes of all files; anything but files and directories hangs git or leads it out (a FIFO as HEAD hangs a fetch). */
async function plainFiles(path: string): Promise<number> {
  const seen = { bytes: 0, entries: 0 }
  try {
    if (!lstatSync(path).isDirectory()) throw refused('its git directory is gone')
    const waiting = ['']
    for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop())
      for await (const below of lookInto(path, directory, seen)) waiting.push(below)
    return seen.bytes
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || !UNREADABLE.has(code)) throw error
    throw refused(`its git directory cannot be read (${code})`)
  }
}

/** Counts what is in one directory; answers the directories below it. In one go, which for few is ten times as fast. */
async function* lookInto(
  path: string,
  directory: string,
  seen: { bytes: number; entries: number },
): AsyncGenerator<string> {
  using opened = opendirSync(join(path, directory))
  for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) {
    const name = join(directory, entry.name)
    seen.entries += 1
    if (seen.entries > MOST_ENTRIES) throw refused('its git directory has too many files')
    if (seen.entries % ENTRIES_AT_ONCE === 0) await setImmediate()
    if (name === 'hooks') continue
    if (name === 'commondir') throw refused('its git directory leads elsewhere')
    if (entry.isDirectory()) yield name
    else if (entry.isFile()) seen.bytes += lstatSync(join(path, name)).blocks * BLOCK
    else throw refused(`${name} is neither a file nor a directory`)
  }
}

/** What a lane can do to its own directory. */
const UNREADABLE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES'])

/** Code of the fault by which a lane's git is not taken in. */
export const IMPORT_REFUSED = 'import-refused'

/** Somebody wants to end now. Says nothing of what the lane holds. */
export function notNow(): Fault {
  return new Fault('What the agent left in git was not taken in, to end now.', { retry: 'later' })
}

export function refused(why: string): Fault {
  return new Fault(`What the agent left in git is not taken in: ${why}.`, {
    retry: 'never',
    code: IMPORT_REFUSED,
  })
}
