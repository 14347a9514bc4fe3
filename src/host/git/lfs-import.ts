import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { type LfsPointer, LONGEST_POINTER, readLfsPointer } from '../../board/lfs-pointer.ts'
import { inBytes } from '../../board/limits.ts'
import { diskFull, Fault } from '../fault.ts'
import { freeDisk, isScarce } from '../files/free-disk.ts'
import type { Walls } from '../sandbox/walls.ts'
import { refused } from './collect.ts'
import { inheritedEnvironment } from './inherited-environment.ts'
import { lfsPath, lfsStorage } from './lfs-storage.ts'
import { openObjects, type Quarantined } from './object-reader.ts'

export interface LfsSource {
  /** The private git directory, which the lane can write. */
  readonly path: string
  /** Those in which it is read. */
  readonly walls: Walls
  /** Bytes of all objects together. */
  readonly most: number
  readonly signal?: AbortSignal | undefined
}

/** Pointers that are read, and objects that are brought over, by one program. */
const AT_ONCE = 1000
/** Milliseconds for the list, and for each megabyte. */
const PATIENCE = 20_000
const PATIENCE_PER_MEGABYTE = 100

/**
 * Runs inside. Sizes of the objects that are there, `-` for what is no file, an empty line, then the content of all
 * files one after the other.
 */
const SEND = `cd "$1" || exit 0
all=$(cat)
file() { [ -f "$1" ] && [ ! -L "$1" ]; }
for at in $all; do
  if file "$at"; then echo "$(wc -c <"$at") $at"; elif [ -e "$at" ] || [ -L "$at" ]; then echo "- $at"; fi
done
echo
for at in $all; do if file "$at"; then cat "$at"; fi; done`

/**
 * Brings over what git-lfs keeps of the new files in a quarantine, as far as the lane has it and the repository has not.
 * A pointer alone is ordinary: its object may be on a server. Once it is here, each object is whole and what its name says.
 * @throws Fault `import-refused` for an object that is something else, `disk-full`
 */
export async function importLfs(place: Quarantined, source: LfsSource): Promise<void> {
  const from = join(source.path, 'lfs', 'objects')
  if (!existsSync(from)) return
  const storage = await lfsStorage(place.gitDir)
  let left = source.most
  for await (const pointers of newPointers(place)) {
    const missing = pointers.filter(({ oid }) => !existsSync(join(storage, 'objects', lfsPath(oid))))
    if (missing.length > 0) left -= await bringOver(missing, { ...source, path: from, most: left }, storage)
  }
}

async function* newPointers(place: Quarantined): AsyncGenerator<LfsPointer[]> {
  const small = await smallFiles(place)
  for (let at = 0; at < small.length; at += AT_ONCE)
    yield await pointersIn(place, small.slice(at, at + AT_ONCE))
}

async function smallFiles(place: Quarantined): Promise<string[]> {
  await using reader = await openObjects(place)
  const small: string[] = []
  for await (const { oid, type, size } of reader.list())
    if (type === 'blob' && size < LONGEST_POINTER) small.push(oid)
  return small
}

/** By a reader of their own: git would not wait until those before are brought over. */
async function pointersIn(place: Quarantined, files: readonly string[]): Promise<LfsPointer[]> {
  await using reader = await openObjects(place)
  const found = new Map<string, LfsPointer>()
  for await (const { bytes } of reader.read(files)) {
    const pointer = readLfsPointer(bytes.toString('latin1'))
    if (pointer !== null) found.set(pointer.oid, pointer)
  }
  return [...found.values()]
}

/** Answers their bytes. */
async function bringOver(wanted: readonly LfsPointer[], source: LfsSource, storage: string): Promise<number> {
  const sending = send(wanted, source)
  try {
    const there = await listed(sending, wanted)
    if (there.length === 0) return 0
    const bytes = there.reduce((sum, { size }) => sum + size, 0)
    if (bytes > source.most)
      throw refused(`its LFS objects have more than the ${inBytes(source.most)} that are left of limits.disk`)
    const free = freeDisk(storage)
    const files = free.files === null ? null : free.files - there.length
    if (isScarce({ bytes: free.bytes - bytes, files })) throw diskFull('LFS objects could not be taken in.')
    sending.allow(PATIENCE + (bytes / 1_000_000) * PATIENCE_PER_MEGABYTE)
    for (const pointer of there) await put(pointer, sending, storage)
    await syncDirectories(there, storage)
    return bytes
  } finally {
    await sending.stop()
  }
}

/** What the program inside says, which need not be true. */
interface Sending {
  line(): Promise<string>
  /** As many bytes as are asked for, as they come. */
  content(size: number): AsyncGenerator<Buffer>
  /** It has so many milliseconds from now on. */
  allow(time: number): void
  stop(): Promise<void>
}

function send(wanted: readonly LfsPointer[], { path, walls, signal }: LfsSource): Sending {
  const [file = '', ...args] = walls.wrap(['/bin/sh', '-c', SEND, 'sh', path], { cwd: '/' })
  const child = execa(file, args, {
    cwd: '/',
    env: walls.environment(inheritedEnvironment()),
    extendEnv: false,
    detached: true,
    input: wanted.map(({ oid }) => `${lfsPath(oid)}\n`).join(''),
    buffer: { stdout: false },
    reject: false,
    maxBuffer: { stderr: 4096 },
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  })
  const chunks: AsyncIterator<Buffer> = child.stdout[Symbol.asyncIterator]()
  let late = false
  let timer: NodeJS.Timeout | undefined
  const allow = (time: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, time)
  }
  allow(PATIENCE)
  const more = async (): Promise<Buffer> => {
    const { value, done } = await chunks.next()
    if (done !== true) return value
    if (late) throw refused('its LFS objects take too long to read')
    const { exitCode } = await child
    if (exitCode === 0) throw refused('its LFS objects change while they are read')
    throw new Fault('The walls around LFS objects could not be put up.', { retry: 'later' })
  }
  let rest: Buffer = Buffer.alloc(0)
  return {
    allow,
    async line() {
      let end = rest.indexOf(10)
      for (; end === -1; end = rest.indexOf(10)) rest = Buffer.concat([rest, await more()])
      const line = rest.toString('latin1', 0, end)
      rest = rest.subarray(end + 1)
      return line
    },
    async *content(size) {
      for (let left = size; left > 0; ) {
        if (rest.length === 0) rest = await more()
        const part = rest.subarray(0, left)
        rest = rest.subarray(part.length)
        left -= part.length
        yield part
      }
    },
    async stop() {
      clearTimeout(timer)
      child.kill('SIGKILL')
      // Execa waits for what nobody reads any more.
      child.stdout.destroy()
      await child
    },
  }
}

/** Those that the lane has. */
async function listed(sending: Sending, wanted: readonly LfsPointer[]): Promise<LfsPointer[]> {
  const there: LfsPointer[] = []
  const waiting = new Map(wanted.map((pointer) => [lfsPath(pointer.oid), pointer]))
  for (let line = await sending.line(); line !== ''; line = await sending.line()) {
    const [size, path = ''] = line.trim().split(' ')
    const pointer = waiting.get(path)
    if (pointer === undefined || Number(size) !== pointer.size) throw notWhatItSays(pointer?.oid ?? '')
    waiting.delete(path)
    there.push(pointer)
  }
  return there
}

function notWhatItSays(oid: string): Fault {
  return refused(`its LFS object ${oid.slice(0, 12)} is not what its name and its pointer say`)
}

/** Beside the objects first, under a name that git-lfs removes once the object is there, or after an hour. */
async function put({ oid, size }: LfsPointer, sending: Sending, storage: string): Promise<void> {
  const target = join(storage, 'objects', lfsPath(oid))
  const aside = join(storage, 'tmp', `${oid}-${randomUUID()}`)
  await Promise.all([target, aside].map((path) => mkdir(dirname(path), { recursive: true })))
  try {
    await using file = await open(aside, 'wx')
    const hash = createHash('sha256')
    for await (const part of sending.content(size)) {
      hash.update(part)
      await file.writeFile(part)
    }
    if (hash.digest('hex') !== oid) throw notWhatItSays(oid)
    await file.sync()
    await rename(aside, target)
  } finally {
    await rm(aside, { force: true })
  }
}

/** So that their names last as well. */
async function syncDirectories(there: readonly LfsPointer[], storage: string): Promise<void> {
  const objects = join(storage, 'objects')
  const directories = there.map(({ oid }) => dirname(join(objects, lfsPath(oid))))
  const all = new Set([storage, objects, ...directories, ...directories.map((path) => dirname(path))])
  for (const directory of all) {
    await using opened = await open(directory, 'r')
    await opened.sync()
  }
}
