import { randomUUID } from 'node:crypto'
import { lchown, mkdir, open, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { diskFull, Fault } from '../fault.ts'
import { deleteInReach } from '../files/discard.ts'
import { freeDisk, isScarce } from '../files/free-disk.ts'
import type { Bind } from '../sandbox/bubblewrap.ts'
import { type GitPlace, safeSettings, splitZero } from './git.ts'
import { importCollected } from './import.ts'
import { inheritedEnvironment } from './inherited-environment.ts'
import { asText } from './path-bytes.ts'
import type { RadarStore } from './radar-store.ts'
import { SNAPSHOT_SCRIPT } from './snapshot-script.ts'

/** Everything in a lane at one moment, as a commit in the radar's store; its parent is the lane's HEAD. */
export interface Snapshot {
  readonly commit: string
  /** What its git said that it holds: the same words again mean that nothing has changed. */
  readonly standing: string
  /** Paths that are in the lane and not in the snapshot, as text. */
  readonly unseen: readonly UnseenPath[]
  /** Directories that git ignores, with a slash at the end; bytes (path-bytes.ts). */
  readonly ignored: readonly string[]
}

export interface UnseenPath {
  readonly path: string
  /** `large`: beyond sandbox.largestFile. `unreadable`: git could not add it. */
  readonly why: 'large' | 'unreadable'
}

export interface SnapshotRequest {
  readonly store: RadarStore
  /** The lane's git, with its walls where it has some: then git touches its files only inside them. */
  readonly place: GitPlace & { readonly workTree: string }
  /** Objects of the lane are read from there: those of the repository, or the private ones. */
  readonly objects: string
  readonly commonDir: string
  /** Commits that the repository has, and that the lane's stand on. */
  readonly known: readonly string[]
  /** Bytes of a file that is taken in. */
  readonly largestFile: number
  /** `refs/worklane/…`, in the store: keeps what came out of walls. */
  readonly ref: string
  /** The one before: where nothing has changed it is answered again. */
  readonly before: Snapshot | null
  /** Ours, for what git inside the walls needs again the next time. It is all of them that its programs can write. */
  readonly keep: string
}

/** Milliseconds. A lane can hold what git waits for in vain, such as a pipe in place of .gitignore. */
const PATIENCE = 30_000
/** What is kept, as it is called inside walls. */
const KEPT = '/tmp/kept'
/** Bytes of all that is not committed in a lane, packed. */
const LARGEST_PACK = 512 * 1024 * 1024
/** Bytes of what the script says, and of what git complains about. */
const LONGEST_ANSWER = 4 * 1024 * 1024

/**
 * A snapshot of everything in a lane that git does not ignore: committed, staged, dirty and untracked. Works on a copy
 * of the lane's index, writes its objects elsewhere, takes no lock and waits for none.
 * @throws Fault whenever it is not complete; `import-refused` where what came out of walls is not let in
 */
export async function snapshotLane(request: SnapshotRequest): Promise<Snapshot> {
  const { place, store, before } = request
  const name = `radar-${randomUUID()}`
  const pack = join(store.aside, `${name}.pack`)
  try {
    const said = await runScript(request, name, pack)
    const answer = readAnswer(said, before)
    if (answer.commit !== before?.commit && place.walls !== undefined)
      await takeIn(request, answer.commit, pack)
    return answer
  } finally {
    // Inside walls /tmp has gone with the program.
    if (place.walls === undefined) await deleteInReach(join(store.aside, name))
    await rm(pack, { force: true })
  }
}

async function runScript(request: SnapshotRequest, name: string, pack: string): Promise<string> {
  const { place, store, largestFile, before, known, ref } = request
  const { walls, workTree } = place
  const aside = join(walls === undefined ? store.aside : '/tmp', name)
  const send = walls === undefined ? 'keep' : 'send'
  const blocks = String(Math.ceil(Math.max(largestFile, LARGEST_PACK) / 512))
  const keep = walls === undefined ? join(store.gitDir, 'indexes', basename(ref)) : `${KEPT}/radar`
  const own = walls === undefined ? store.objects : join(keep, 'objects')
  const words = [aside, own, String(largestFile), blocks, send, before?.standing ?? '', keep]
  const argv = ['/bin/sh', '-c', SNAPSHOT_SCRIPT, 'sh', ...words, ...(await safeSettings(place))]
  const [file = '', ...args] =
    walls === undefined ? argv : walls.wrap(argv, { cwd: workTree, writable: [await kept(request)] })
  const env = {
    ...inheritedEnvironment(),
    GIT_DIR: place.gitDir,
    GIT_WORK_TREE: workTree,
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OBJECT_DIRECTORY: own,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: request.objects,
  }
  await using packed = await open(pack, 'wx', 0o600)
  const { exitCode, signal, isMaxBuffer, stdio, timedOut, stderr } = await execa(file, args, {
    cwd: walls === undefined ? workTree : '/',
    env: walls?.environment(env) ?? env,
    extendEnv: false,
    detached: true,
    // Execa's types know descriptors only up to 9.
    stdio: ['pipe', packed.fd as 9, 'pipe', 'pipe'],
    input: known.map((oid) => `^${oid}\n`).join(''),
    encoding: 'latin1',
    reject: false,
    stripFinalNewline: false,
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
    ...(place.signal === undefined ? {} : { cancelSignal: place.signal }),
    maxBuffer: { fd3: LONGEST_ANSWER, stderr: LONGEST_ANSWER },
  })
  if (timedOut === true) throw noSnapshot('git did not answer in time')
  if (isMaxBuffer) throw noSnapshot('git says more about it than can be held')
  if (exitCode === undefined && signal === undefined)
    throw new Fault('The walls around git could not be put up.', { retry: 'later' })
  if (exitCode !== 0 && isScarce(freeDisk(store.aside))) throw diskFull('a snapshot could not be taken.')
  if (exitCode !== 0) throw noSnapshot(`git failed in it (${lastLine(String(stderr))})`)
  return String(stdio[3])
}

async function kept({ keep, place }: SnapshotRequest): Promise<Bind> {
  await mkdir(keep, { recursive: true, mode: 0o700 })
  const uid = place.walls?.uid ?? null
  if (uid !== null) await lchown(keep, uid, uid)
  return { from: keep, to: KEPT }
}

function lastLine(said: string): string {
  return (
    said
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/\p{Cc}/gu, ' ')
      .slice(0, 200) ?? ''
  )
}

function noSnapshot(why: string): Fault {
  return new Fault(`No snapshot could be taken: ${why}.`, { retry: 'later', code: 'no-snapshot' })
}

/**
 * `<commit> <tree> <head>` or `same`; then the large files, an empty field, what could not be added, an empty field (none
 * of this for `same`), and what is ignored. Each closed by NUL.
 */
function readAnswer(said: string, before: Snapshot | null): Snapshot {
  const [first = '', ...paths] = splitZero(said)
  if (first === 'same' && before !== null) return { ...before, ignored: directoriesIn(paths) }
  const [, commit, standing] = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64} [0-9a-f]{0,64})$/.exec(first) ?? []
  if (commit === undefined || standing === undefined) throw noSnapshot('what git says of it makes no sense')
  const end = paths.indexOf('')
  const last = paths.indexOf('', end + 1)
  const names = (list: readonly string[]): string[] => list.map((path) => asText(path).replace(/^\.\//, ''))
  const large = names(paths.slice(0, end))
  const unreadable = [...new Set(names(paths.slice(end + 1, last)))].filter((path) => !large.includes(path))
  const unseen = [
    ...large.map((path) => ({ path, why: 'large' as const })),
    ...unreadable.map((path) => ({ path, why: 'unreadable' as const })),
  ]
  return { commit, standing, unseen, ignored: directoriesIn(paths.slice(last + 1)) }
}

function directoriesIn(paths: readonly string[]): string[] {
  return paths.filter((path) => path.endsWith('/'))
}

/** Through the same gate as what agents commit. */
async function takeIn(
  { store, known, largestFile, ref }: SnapshotRequest,
  commit: string,
  pack: string,
): Promise<void> {
  await importCollected({
    commonDir: store.gitDir,
    collected: { head: commit, refs: new Map(), lost: [], pack },
    refPrefix: ref,
    known,
    limits: { file: largestFile },
  })
}
