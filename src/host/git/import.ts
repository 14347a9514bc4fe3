import { constants } from 'node:fs'
import { lstat, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { diskFull } from '../fault.ts'
import { freeDisk, isScarce } from '../files/free-disk.ts'
import { type Collected, refused } from './collect.ts'
import { type GateLimits, inspect } from './gate.ts'
import { inheritedEnvironment } from './git.ts'
import type { Quarantined } from './object-reader.ts'
import { setOwnRefs } from './own-refs.ts'

export interface ImportRequest {
  readonly commonDir: string
  readonly collected: Collected
  /** Where its refs go: `refs/worklane/7/2`. */
  readonly refPrefix: string
  /** Commits that the repository has, and that what is new stands on. */
  readonly known: readonly string[]
  readonly limits: GateLimits
}

/** Fewer objects than this are unpacked, as by `git fetch` (fetch.unpackLimit), so that packs do not pile up. */
const UNPACK_BELOW = 100
const UNPACK_BYTES = 16 * 1024 * 1024
/** Blobs above this many bytes are streamed by git instead of held in memory. */
const CONFIG = ['core.bigFileThreshold=4m', 'pack.threads=1', 'core.fsync=objects', 'fetch.fsckObjects=true']
/** Brought to the disk when they are looked at, all at once, and not one after the other. */
const UNPACK = ['-c', 'core.fsync=none', 'unpack-objects', '-q', '--strict']
const INDEX = ['index-pack', '--stdin', '--fix-thin', '--strict', '--threads=1']
/**
 * The shell opens the pack for git, which reads it without a detour through our memory. Then git sees whether everything
 * that the refs lead to is there. One process of ours instead of three: starting one costs more than what they do.
 */
const TAKE = `if [ -n "$0" ]; then git "$@" <"$0" >&2 || exit 101; fi
exec git rev-list --objects --quiet --stdin`
/** What the shell says of objects that git does not take. */
const BROKEN = 101
/** Milliseconds for a pack, and for each of its megabytes on top. */
const PATIENCE = 20_000
const PATIENCE_PER_MEGABYTE = 200

/**
 * Takes what was collected into the repository: into a quarantine first, checked there by git and by our own gate, and
 * only then among the objects, with a ref for everything that the lane named. Answers the refs.
 * @throws Fault `import-refused`, `disk-full`: nothing has changed
 */
export async function importCollected(request: ImportRequest): Promise<ReadonlyMap<string, string>> {
  const { commonDir } = request
  // A name that `git gc` knows for the rest of a broken import, and removes (git: builtin/prune.c).
  const quarantine = await mkdtemp(join(commonDir, 'objects', 'tmp_objdir-worklane-'))
  try {
    const taken = takeIn({ gitDir: commonDir, quarantine }, request)
    const { size } = await lstat(request.collected.pack)
    await setOwnRefs(commonDir, size < UNPACK_BYTES ? taken : await taken)
    return await taken
  } finally {
    await rm(quarantine, { recursive: true, force: true })
  }
}

/** All but the refs, which it answers. */
async function takeIn(place: Quarantined, request: ImportRequest): Promise<ReadonlyMap<string, string>> {
  const { collected, refPrefix, limits } = request
  const heads = wantedRefs(collected, refPrefix)
  if (!(await unpack(place, heads, request))) return heads
  await inspect(place, collected.head, limits)
  await moveIn(place.quarantine, join(place.gitDir, 'objects'))
  return heads
}

/** Each ref of the lane below ours, under the name that it had. */
function wantedRefs({ head, refs, lost }: Collected, prefix: string): Map<string, string> {
  const wanted = new Map<string, string>()
  if (head !== null) wanted.set(`${prefix}/head`, head)
  for (const [name, oid] of refs) wanted.set(`${prefix}/${name}`, oid)
  for (const [n, oid] of lost.entries()) wanted.set(`${prefix}/lost/${n + 1}`, oid)
  return wanted
}

/** The pack into the quarantine, and all is there that the refs lead to. False: nothing was in the pack. */
async function unpack(
  { gitDir, quarantine }: Quarantined,
  heads: ReadonlyMap<string, string>,
  { collected, known, limits }: ImportRequest,
): Promise<boolean> {
  const { count, bytes } = await sizeOf(collected.pack)
  const command = count < UNPACK_BELOW && bytes < UNPACK_BYTES ? UNPACK : INDEX
  const lines = [...new Set(heads.values()), ...known.map((oid) => `^${oid}`)]
  const { exitCode, stderr, timedOut } = await execa(
    '/bin/sh',
    ['-c', TAKE, count === 0 ? '' : collected.pack, ...CONFIG.flatMap((entry) => ['-c', entry]), ...command],
    {
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
      input: `${lines.join('\n')}\n`,
      reject: false,
      timeout: Math.round(PATIENCE + (bytes / 1_000_000) * PATIENCE_PER_MEGABYTE),
      killSignal: 'SIGKILL',
      maxBuffer: { stderr: 4096, stdout: 4096 },
    },
  )
  if (exitCode === 0) return count > 0
  if (timedOut === true) throw refused('its objects take too long to unpack')
  // Before what was unpacked is removed, which makes room again.
  if (isScarce(freeDisk(quarantine))) throw diskFull('what the agent left in git could not be unpacked.')
  const said = stderr.trim().split('\n')[0]?.slice(0, 200) ?? ''
  throw refused(
    exitCode === BROKEN
      ? `its objects are broken, or ${leftOut(limits)} (${said})`
      : `objects are missing in it, or ${leftOut(limits)}`,
  )
}

/** Of a pack (git: gitformat-pack(5)). Whoever packed it could have put a link in its place. */
async function sizeOf(file: string): Promise<{ readonly count: number; readonly bytes: number }> {
  await using pack = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => {
      throw refused('it packed no objects')
    },
  )
  const stat = await pack.stat()
  const header = Buffer.alloc(12)
  await pack.read(header, 0, 12, 0)
  if (!stat.isFile() || header.toString('latin1', 0, 4) !== 'PACK') throw refused('what it packed is no pack')
  return { count: header.readUInt32BE(8), bytes: stat.size }
}

/** A file that was too large to be packed is missed by whatever looks next. */
function leftOut({ file }: GateLimits): string {
  return `a file of more than ${Math.round(file / 1e6)} MB was left out (sandbox.largestFile)`
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
  for (const directory of touched) {
    await using opened = await open(directory, 'r')
    await opened.sync()
  }
}
