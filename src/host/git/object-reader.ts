import { execa } from 'execa'
import { Fault } from '../fault.ts'
import { inheritedEnvironment } from './git.ts'

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

/** One git for many objects: what it answers decides what is asked next. */
export interface ObjectReader extends AsyncDisposable {
  /** In the order of the names. @throws Fault where one is missing */
  read(oids: readonly string[]): AsyncGenerator<ReadObject>
}

/** Milliseconds. */
const PATIENCE = 60_000

/** Lines of `type size oid`, of the objects in the quarantine alone, in any order. */
export async function* listObjects({ gitDir, quarantine }: Quarantined): AsyncGenerator<string> {
  const format = '--batch-check=%(objecttype) %(objectsize) %(objectname)'
  const child = start(['--batch-all-objects', '--unordered', '--buffer', format], {
    GIT_DIR: gitDir,
    GIT_OBJECT_DIRECTORY: quarantine,
  })
  child.stdin.end()
  yield* child.iterable({ from: 'stdout', binary: false })
  await ended(child)
}

export function openObjects({ gitDir, quarantine }: Quarantined, objects: string): ObjectReader {
  const child = start(['--batch'], {
    GIT_DIR: gitDir,
    GIT_OBJECT_DIRECTORY: quarantine,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
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
    async [Symbol.asyncDispose]() {
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
