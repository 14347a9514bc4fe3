import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { crc32 } from 'node:zlib'
import type * as Door from './doors/cli/main.ts'

/** Names the content of the bundle; put in by the build. */
declare const BUNDLE_ID: string

const BUNDLE = join(__dirname, 'worklane.js')
const CACHES = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'worklane')
const CACHE = join(CACHES, `${BUNDLE_ID}-${process.version}-${process.arch}`)
const CHECKSUM = 4
const OLD = 30 * 24 * 60 * 60_000

/**
 * Starts the bundle with V8's code cache of an earlier start with the same verb. It holds what that verb runs, already
 * compiled: 20 ms of a start of 75. Node's own compile cache is made before anything has run, and so holds next to
 * nothing of it (measured here, Node 24.21; `src/compile_cache.cc`).
 */
async function start(argv: readonly string[]): Promise<void> {
  const cache = join(CACHE, verbOf(argv))
  const cachedData = readOwn(cache)
  const script = new Script(readFileSync(BUNDLE, 'latin1'), {
    filename: BUNDLE,
    ...(cachedData === undefined ? {} : { cachedData }),
  })
  const module: { exports: Partial<typeof Door> } = { exports: {} }
  const importBeside = async (path: string): Promise<unknown> =>
    await import(pathToFileURL(join(__dirname, path)).href)
  script.runInThisContext()(module, module.exports, createRequire(BUNDLE), importBeside)
  const code = (await module.exports.main?.(argv)) ?? 70
  process.exitCode = code
  if (cachedData === undefined || script.cachedDataRejected === true) keep(cache, script)
}

function verbOf([first = '', second = '']: readonly string[]): string {
  const verb = ['task', 'lane', 'archive', 'sandbox'].includes(first) ? `${first}-${second}` : first
  return /^[a-z-]{1,20}$/.test(verb) ? verb : 'other'
}

/**
 * What we run must be ours, and whole: V8 does not check it, and crashes on a damaged one. Undefined for a file that
 * somebody else could have written, or that does not end with its checksum.
 */
function readOwn(path: string): Buffer | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const { uid, mode } = fstatSync(file)
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return undefined
    const bytes = readFileSync(file)
    const data = bytes.subarray(0, -CHECKSUM)
    return bytes.readUInt32LE(data.length) === crc32(data) ? data : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Without a cache everything works, only slower: no fault of it is worth a word. */
function keep(path: string, script: Script): void {
  try {
    if (makeDirectory(dirname(CACHES), CACHES, CACHE)) forgetOld()
    const aside = `${path}.${process.pid}`
    const data = script.createCachedData()
    const checksum = Buffer.alloc(CHECKSUM)
    checksum.writeUInt32LE(crc32(data))
    writeFileSync(aside, Buffer.concat([data, checksum]), { mode: 0o600, flush: true })
    renameSync(aside, path)
  } catch {}
}

/** Answers whether the last is new. One by one: Node's `recursive` never ends where nothing can be made, as in /proc. */
function makeDirectory(...paths: readonly string[]): boolean {
  let made = false
  for (const path of paths) {
    made = !existsSync(path)
    if (made) mkdirSync(path, { mode: 0o700 })
  }
  return made
}

/** Caches of other builds. */
function forgetOld(): void {
  for (const name of readdirSync(CACHES)) {
    const directory = join(CACHES, name)
    if (statSync(directory).mtimeMs < Date.now() - OLD) rmSync(directory, { recursive: true, force: true })
  }
}

void start(process.argv.slice(2))
