import { constants } from 'node:fs'
import { lstat, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { asFault, diskFull } from '../fault.ts'
import { freeDisk, isScarce } from '../files/free-disk.ts'
import { type Collected, IMPORT_REFUSED, refused } from './collect.ts'
import { type GateLimits, inspect } from './gate.ts'
import { type GitPlace, git, inheritedEnvironment } from './git.ts'
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
const READ_FROM = 'exec "$@" < "$0"'
/** Milliseconds for a pack, and for each of its megabytes on top. */
const PATIENCE = 20_000
const PATIENCE_PER_MEGABYTE = 200

/**
 * Takes what was collected into the repository: into a quarantine first, checked there by git and by our own gate, and
 * only then among the objects, with a ref for everything that the lane named. Answers the refs.
 * @throws Fault `import-refused`, `disk-full`: nothing has changed
 */
export async function importCollected(request: ImportRequest): Promise<ReadonlyMap<string, string>> {
  const { commonDir, collected, refPrefix } = request
  const objects = join(commonDir, 'objects')
  // A name that `git gc` knows for the rest of a broken import, and removes (git: builtin/prune.c).
  const quarantine = await mkdtemp(join(objects, 'tmp_objdir-worklane-'))
  try {
    const place = { gitDir: commonDir, quarantine }
    const unpacked = await unpack(place, collected.pack, request.limits)
    const heads = wantedRefs(collected, refPrefix)
    await allGood([
      unpacked ? inspect(place, collected.head, request.limits) : undefined,
      connected(place, heads, request),
    ])
    if (unpacked) await moveIn(quarantine, objects)
    await setOwnRefs(commonDir, heads)
    return heads
  } finally {
    await rm(quarantine, { recursive: true, force: true })
  }
}

/** Each ref of the lane below ours, under the name that it had. */
function wantedRefs({ head, refs, lost }: Collected, prefix: string): Map<string, string> {
  const wanted = new Map<string, string>()
  if (head !== null) wanted.set(`${prefix}/head`, head)
  for (const [name, oid] of refs) wanted.set(`${prefix}/${name}`, oid)
  for (const [n, oid] of lost.entries()) wanted.set(`${prefix}/lost/${n + 1}`, oid)
  return wanted
}

/** False: nothing was in it. */
async function unpack(
  place: GitPlace & { readonly quarantine: string },
  file: string,
  limits: GateLimits,
): Promise<boolean> {
  // Whoever packed it could have put a link in its place.
  await using pack = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => {
      throw refused('it packed no objects')
    },
  )
  const stat = await pack.stat()
  const header = Buffer.alloc(12)
  await pack.read(header, 0, 12, 0)
  if (!stat.isFile() || header.toString('latin1', 0, 4) !== 'PACK') throw refused('what it packed is no pack')
  const count = header.readUInt32BE(8)
  if (count === 0) return false
  const small = count < UNPACK_BELOW && stat.size < UNPACK_BYTES
  const args = small
    ? ['unpack-objects', '-q', '--strict']
    : ['index-pack', '--stdin', '--fix-thin', '--strict', '--threads=1']
  const config = CONFIG.flatMap((entry) => ['-c', entry])
  // The shell opens it for git, which reads it without a detour through our memory.
  const { exitCode, stderr, timedOut } = await execa(
    '/bin/sh',
    ['-c', READ_FROM, file, 'git', ...config, ...args],
    {
      cwd: '/',
      env: {
        ...inheritedEnvironment(),
        GIT_DIR: place.gitDir,
        GIT_OBJECT_DIRECTORY: place.quarantine,
        GIT_ALTERNATE_OBJECT_DIRECTORIES: join(place.gitDir, 'objects'),
      },
      extendEnv: false,
      detached: true,
      stdin: 'ignore',
      reject: false,
      timeout: Math.round(PATIENCE + (stat.size / 1_000_000) * PATIENCE_PER_MEGABYTE),
      killSignal: 'SIGKILL',
      maxBuffer: { stderr: 4096, stdout: 4096 },
    },
  )
  if (timedOut === true) throw refused('its objects take too long to unpack')
  // Before what was unpacked is removed, which makes room again.
  if (exitCode !== 0 && isScarce(freeDisk(place.quarantine)))
    throw diskFull('what the agent left in git could not be unpacked.')
  if (exitCode !== 0)
    throw refused(
      `its objects are broken, or ${leftOut(limits)} (${stderr.trim().split('\n')[0]?.slice(0, 200) ?? ''})`,
    )
  return true
}

/** Waits for all of them, so that nobody reads what is deleted next; a refusal explains more than what else failed. */
async function allGood(steps: readonly (Promise<void> | undefined)[]): Promise<void> {
  const failed = (await Promise.allSettled(steps)).flatMap((step) =>
    step.status === 'rejected' ? [step.reason as unknown] : [],
  )
  if (failed.length > 0) throw failed.find((error) => asFault(error)?.code === IMPORT_REFUSED) ?? failed[0]
}

/** Everything that the refs lead to is there. */
async function connected(
  place: GitPlace,
  heads: ReadonlyMap<string, string>,
  { known, limits }: ImportRequest,
): Promise<void> {
  const lines = [...new Set(heads.values()), ...known.map((oid) => `^${oid}`)]
  if (heads.size === 0) return
  const { exitCode } = await git(place, ['rev-list', '--objects', '--quiet', '--stdin'], {
    input: `${lines.join('\n')}\n`,
    answers: [0, 1, 128],
    env: { GIT_NO_REPLACE_OBJECTS: '1', GIT_NO_LAZY_FETCH: '1' },
  })
  if (exitCode !== 0) throw refused(`objects are missing in it, or ${leftOut(limits)}`)
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
