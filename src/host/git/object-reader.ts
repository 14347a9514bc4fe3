import { join } from 'node:path'
import { execa } from 'execa'
import { Fault } from '../fault.ts'
import { refused } from './collect.ts'
import { inheritedEnvironment } from './inherited-environment.ts'
import { looseObjects, readLoose } from './loose-objects.ts'

/** Objects to look at, in a quarantine over a repository. */
export interface Quarantined {
  readonly gitDir: string
  readonly quarantine: string
}

export interface ReadObject {
  readonly oid: string
  readonly type: string
  readonly bytes: Buffer
}

export interface ListedObject {
  readonly oid: string
  readonly type: string
  /** Bytes. */
  readonly size: number
}

/** Looks at many objects: what one answer says decides what is asked next. */
export interface ObjectReader extends AsyncDisposable {
  /** Those of the quarantine alone, in any order. @throws Fault where one is damaged */
  list(): AsyncIterable<ListedObject> | Iterable<ListedObject>
  /** In any order. @throws Fault where one is missing */
  read(oids: readonly string[]): AsyncGenerator<ReadObject>
}

/** Milliseconds. */
const PATIENCE = 60_000

/** A few small objects are read here, as the files that they are; git is started for all others, and once they are asked for. */
export async function openObjects(place: Quarantined): Promise<ObjectReader> {
  const loose = await looseObjects(place.quarantine)
  let reader: GitReader | undefined
  return {
    list: () => (loose === null ? listByGit(place) : loose.values()),
    async *read(oids) {
      const elsewhere: string[] = []
      for (const oid of oids) {
        const object = loose?.get(oid)
        if (object === undefined) elsewhere.push(oid)
        else yield { oid, type: object.type, bytes: await readLoose(object) }
      }
      if (elsewhere.length === 0) return
      reader ??= startReader(place)
      yield* reader.read(elsewhere)
    },
    [Symbol.asyncDispose]: async () => await reader?.stop(),
  }
}

async function* listByGit({ gitDir, quarantine }: Quarantined): AsyncGenerator<ListedObject> {
  const format = '--batch-check=%(objecttype) %(objectsize) %(objectname)'
  const child = start(['--batch-all-objects', '--unordered', '--buffer', format], {
    GIT_DIR: gitDir,
    GIT_OBJECT_DIRECTORY: quarantine,
  })
  child.stdin.end()
  for await (const line of child.iterable({ from: 'stdout', binary: false })) {
    const [, type = '', size = '', oid = ''] = /^(commit|tree|blob|tag) (\d+) (\w+)$/.exec(line) ?? []
    if (type === '') throw refused('an object in it is damaged')
    yield { oid, type, size: Number(size) }
  }
  await ended(child)
}

interface GitReader {
  read(oids: readonly string[]): AsyncGenerator<ReadObject>
  stop(): Promise<void>
}

function startReader({ gitDir, quarantine }: Quarantined): GitReader {
  const child = start(['--batch'], {
    GIT_DIR: gitDir,
    GIT_OBJECT_DIRECTORY: quarantine,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: join(gitDir, 'objects'),
  })
  // A git that has died says so by what it does not answer.
  child.stdin.on('error', () => undefined)
  const take = taker(child.stdout)
  return {
    async *read(oids) {
      child.stdin.write(oids.map((oid) => `${oid}\n`).join(''))
      for (const oid of oids) {
        const [, type, size] = (await take.line()).split(' ')
        if (type === undefined || size === undefined)
          throw new Fault(`The object ${oid} is missing.`, { retry: 'later' })
        const bytes = await take.bytes(Number(size) + 1)
        yield { oid, type, bytes: bytes.subarray(0, -1) }
      }
    },
    async stop() {
      child.kill('SIGKILL')
      // Execa waits for what nobody reads any more.
      child.stdout.destroy()
      await child.catch(() => undefined)
    },
  }
}

type Child = ReturnType<typeof start>

function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  return execa('git', ['cat-file', ...args], {
    cwd: '/',
    env: { ...inheritedEnvironment(), GIT_NO_REPLACE_OBJECTS: '1', GIT_NO_LAZY_FETCH: '1', ...env },
    extendEnv: false,
    detached: true,
    stdin: 'pipe',
    buffer: false,
    reject: false,
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
  })
}

async function ended(child: Child): Promise<void> {
  const { exitCode } = await child
  if (exitCode !== 0)
    throw new Fault(`git cat-file failed (exit ${exitCode ?? 'by a signal'}).`, { retry: 'later' })
}

/** Takes lines and exact numbers of bytes off a stream. */
function taker(stream: AsyncIterable<unknown>): {
  line(): Promise<string>
  bytes(count: number): Promise<Buffer>
} {
  const chunks = stream[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  const more = async (): Promise<Buffer> => {
    const { value, done } = await chunks.next()
    if (done === true) throw new Fault('git cat-file ended early.', { retry: 'later' })
    return value as Buffer
  }
  const cut = (count: number): Buffer => {
    const taken = rest.subarray(0, count)
    rest = rest.subarray(count)
    return taken
  }
  return {
    async line() {
      let end = rest.indexOf(10)
      for (; end === -1; end = rest.indexOf(10)) rest = Buffer.concat([rest, await more()])
      return cut(end + 1).toString('latin1', 0, end)
    },
    async bytes(count) {
      if (rest.length < count) {
        const parts = [rest]
        for (let have = rest.length; have < count; have += parts.at(-1)?.length ?? 0) parts.push(await more())
        rest = Buffer.concat(parts)
      }
      return cut(count)
    },
  }
}
