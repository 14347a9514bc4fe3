import { constants } from 'node:fs'
import { lstat, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { inBytes } from '../../board/limits.ts'
import { diskFull } from '../fault.ts'
import { freeDisk, isScarce } from '../files/free-disk.ts'
import { type Collected, notNow, refused } from './collect.ts'
import { type GateLimits, inspect } from './gate.ts'
import { inputOf } from './git.ts'
import { inheritedEnvironment } from './inherited-environment.ts'
import { importLfs, type LfsSource } from './lfs-import.ts'
import { limitHeap, whyTooMuch } from './most-heap.ts'
import type { Quarantined } from './object-reader.ts'
import { setOwnRefs } from './own-refs.ts'

export interface ImportRequest {
  readonly commonDir: string
  /** A promise: git is started while it is collected, since starting git takes longer than what it does. */
  readonly collected: Collected | Promise<Collected>
  /** Where its refs go: `refs/worklane/7/2`. */
  readonly refPrefix: string
  /** Commits that the repository has, and that what is new stands on. */
  readonly known: readonly string[]
  readonly limits: GateLimits
  /** Whose LFS objects come along; left out: none do. */
  readonly lfs?: LfsSource
  /** Names a file that was too large to be packed, once it is missed; null: nobody knows. */
  readonly leftOut?: () => Promise<{ readonly path: string; readonly bytes: number } | null>
  /** Ends it; nothing has changed then. */
  readonly signal?: AbortSignal | undefined
}

/** Fewer objects than this are unpacked, as by `git fetch` (fetch.unpackLimit), so that packs do not pile up. */
const UNPACK_BELOW = 100
const UNPACK_BYTES = 16 * 1024 * 1024
/** Blobs above this many bytes are streamed by git instead of held in memory. */
const CONFIG = ['core.bigFileThreshold=4m', 'pack.threads=1', 'fetch.fsckObjects=true']
/**
 * Waits for a word about the pack, since starting a process costs more than what it does. The shell opens the pack for
 * git, which reads it without a detour through our memory. What is unpacked is brought to the disk when it is looked
 * at, all at once.
 */
const TAKE = `read -r how pack || exit 102
case "$how" in
unpack) exec git "$@" -c core.fsync=none unpack-objects -q --strict <"$pack" >&2;;
index) exec git "$@" -c core.fsync=objects index-pack --stdin --fix-thin --strict --threads=1 <"$pack" >&2;;
esac`
/** Then git, which waits as well, sees whether everything that the refs lead to is there. */
const FOLLOW = 'exec git rev-list --objects --quiet --stdin'
/** Milliseconds for a pack, and for each of its megabytes on top. */
const PATIENCE = 20_000
const PATIENCE_PER_MEGABYTE = 200

/**
 * Takes what was collected into the repository: into a quarantine first, checked there by git and by our own gate, and
 * only then among the objects, with a ref for everything that the lane named. Answers the refs.
 * @throws Fault `import-refused`, `disk-full`, or what collecting failed with: nothing has changed
 */
export async function importCollected(request: ImportRequest): Promise<ReadonlyMap<string, string>> {
  const { commonDir } = request
  const packed = packOf(request.collected)
  // It may fail before anybody waits for it.
  packed.catch(() => undefined)
  // A name that `git gc` knows for the rest of a broken import, and removes (git: builtin/prune.c).
  const quarantine = await mkdtemp(join(commonDir, 'objects', 'tmp_objdir-worklane-')).catch(
    async (error: unknown) => {
      // Nothing of it goes on behind the caller's back.
      await packed.catch(() => undefined)
      throw error
    },
  )
  try {
    const taken = takeIn({ gitDir: commonDir, quarantine }, request, packed)
    const isSmall = await packed.then(
      (pack) => pack.isSmall,
      () => true,
    )
    await setOwnRefs(commonDir, isSmall ? taken : await taken)
    return await taken
  } finally {
    await rm(quarantine, { recursive: true, force: true })
  }
}

/** All but the refs, which it answers. */
async function takeIn(
  place: Quarantined,
  request: ImportRequest,
  packed: Promise<Pack>,
): Promise<ReadonlyMap<string, string>> {
  await unpack(place, request, packed)
  const { count, collected } = await packed
  if (count > 0) await inspect(place, collected.head, request.limits)
  if (count > 0 && request.lfs !== undefined)
    await importLfs(place, { ...request.lfs, signal: request.signal })
  if (count > 0) await moveIn(place.quarantine, join(place.gitDir, 'objects'))
  return wantedRefs(collected, request.refPrefix)
}

/** Each ref of the lane below ours, under the name that it had. */
function wantedRefs({ head, refs, lost }: Collected, prefix: string): Map<string, string> {
  const wanted = new Map<string, string>()
  if (head !== null) wanted.set(`${prefix}/head`, head)
  for (const [name, oid] of refs) wanted.set(`${prefix}/${name}`, oid)
  for (const [n, oid] of lost.entries()) wanted.set(`${prefix}/lost/${n + 1}`, oid)
  return wanted
}

/** The pack into the quarantine, and all is there that the refs lead to. */
async function unpack(
  place: Quarantined,
  { refPrefix, known, limits, leftOut, signal }: ImportRequest,
  packed: Promise<Pack>,
): Promise<void> {
  using deadline = deadlineAfter(packed)
  const ends = signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal])
  const start = async (script: string, input: Promise<string>) =>
    await gitOver(place, `${limitHeap(limits.file)}\n${script}`, input, ends)
  const word = packed.then(({ count, file, isSmall }) => {
    const how = count === 0 ? 'nothing' : isSmall ? 'unpack' : 'index'
    return `${how} ${file}\n`
  })
  const unpacking = start(TAKE, word).then(async (ended) => {
    // What collecting failed with goes before what the shell makes of no words.
    const { collected } = await packed
    await takes(ended, place, limits, async (said) => {
      const file = await leftOut?.()
      return file == null ? `its objects are broken (${said})` : tooLarge(file, limits)
    })
    const heads = new Set(wantedRefs(collected, refPrefix).values())
    return [...heads, ...known.map((oid) => `^${oid}`), ''].join('\n')
  })
  const [unpacked, followed] = await Promise.allSettled([unpacking, start(FOLLOW, unpacking)])
  if (signal?.aborted === true) throw notNow()
  if (unpacked.status === 'rejected') throw unpacked.reason
  if (followed.status === 'rejected') throw followed.reason
  await takes(followed.value, place, limits, async () => {
    const file = await leftOut?.()
    return file == null ? 'objects are missing in it' : tooLarge(file, limits)
  })
}

interface Ended {
  readonly exitCode?: number | undefined
  readonly isCanceled: boolean
  readonly stderr: string
}

/** A shell that starts git, whose new objects go into the quarantine. */
async function gitOver(
  { gitDir, quarantine }: Quarantined,
  script: string,
  input: Promise<string>,
  signal: AbortSignal,
): Promise<Ended> {
  const config = CONFIG.flatMap((entry) => ['-c', entry])
  return await execa('/bin/sh', ['-c', script, 'sh', ...config], {
    input: inputOf(input),
    cwd: '/',
    env: {
      ...inheritedEnvironment(),
      GIT_DIR: gitDir,
      GIT_OBJECT_DIRECTORY: quarantine,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: join(gitDir, 'objects'),
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_NO_LAZY_FETCH: '1',
    },
    extendEnv: false,
    detached: true,
    reject: false,
    cancelSignal: signal,
    killSignal: 'SIGKILL',
    maxBuffer: { stderr: 4096, stdout: 4096 },
  })
}

async function takes(
  { exitCode, isCanceled, stderr }: Ended,
  { quarantine }: Quarantined,
  limits: GateLimits,
  why: (said: string) => Promise<string>,
): Promise<void> {
  if (exitCode === 0) return
  if (isCanceled) throw refused('its objects take too long to unpack')
  // Before what was unpacked is removed, which makes room again.
  if (isScarce(freeDisk(quarantine))) throw diskFull('what the agent left in git could not be unpacked.')
  const tooMuch = whyTooMuch(stderr, limits.file)
  throw refused(tooMuch ?? (await why(stderr.trim().split('\n')[0]?.slice(0, 200) ?? '')))
}

/** Aborts once what was packed has had its time. */
function deadlineAfter(packed: Promise<Pack>): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  packed.then(
    ({ bytes }) => {
      const time = PATIENCE + (bytes / 1_000_000) * PATIENCE_PER_MEGABYTE
      timer = setTimeout(() => controller.abort(), time)
    },
    () => undefined,
  )
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) }
}

interface Pack {
  readonly collected: Collected
  readonly file: string
  readonly count: number
  readonly bytes: number
  readonly isSmall: boolean
}

/** Of a pack (git: gitformat-pack(5)). Whoever packed it could have put a link in its place. */
async function packOf(collecting: Collected | Promise<Collected>): Promise<Pack> {
  const collected = await collecting
  const file = collected.pack
  await using pack = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => {
      throw refused('it packed no objects')
    },
  )
  const stat = await pack.stat()
  const header = Buffer.alloc(12)
  await pack.read(header, 0, 12, 0)
  if (!stat.isFile() || header.toString('latin1', 0, 4) !== 'PACK') throw refused('what it packed is no pack')
  const [count, bytes] = [header.readUInt32BE(8), stat.size]
  return { collected, file, count, bytes, isSmall: count < UNPACK_BELOW && bytes < UNPACK_BYTES }
}

function tooLarge({ path, bytes }: { path: string; bytes: number }, { file }: GateLimits): string {
  return `${JSON.stringify(path.slice(0, 200))} has ${inBytes(bytes)} (sandbox.largestFile allows ${inBytes(file)})`
}

/** Into the repository: the objects before what makes them found, as git does (git: tmp-objdir.c). */
async function moveIn(quarantine: string, objects: string): Promise<void> {
  const touched = new Set([objects])
  for (const directory of (await readdir(quarantine)).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    const target = join(objects, directory)
    await mkdir(target, { recursive: true })
    touched.add(target)
    for (const name of await readdir(join(quarantine, directory)))
      await rename(join(quarantine, directory, name), join(target, name))
  }
  const order = ['.pack', '.rev', '.idx']
  const packs = await readdir(join(quarantine, 'pack')).catch(() => [])
  const rank = (name: string): number => order.findIndex((end) => name.endsWith(end))
  for (const name of packs.filter((one) => rank(one) >= 0).sort((a, b) => rank(a) - rank(b))) {
    touched.add(join(objects, 'pack'))
    if ((await lstat(join(quarantine, 'pack', name))).isFile())
      await rename(join(quarantine, 'pack', name), join(objects, 'pack', name))
  }
  const synced = [...touched].map(async (directory) => {
    await using opened = await open(directory, 'r')
    await opened.sync()
  })
  await Promise.all(synced)
}
