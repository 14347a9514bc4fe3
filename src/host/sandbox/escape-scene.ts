import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import type { EscapeTargets, WholeTargets } from './escape-attempts.ts'
import { socketPathFor } from './socket-path.ts'
import { INSIDE } from './walls.ts'

/** The 22nd field of /proc/<pid>/stat (proc(5)): with the number it names a process for good. */
export function ownProcess(): EscapeTargets['process'] {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  // The second field is the program's name in brackets, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { pid: process.pid, started: fields[19] ?? '' }
}

/** Where Node is shown inside: it need not lie where walls show programs. */
export const NODE = { from: process.execPath, to: `${INSIDE}/node` }
/** In our own environment, for as long as a scene stands. */
const SECRET = 'WORKLANE_ESCAPE_TEST'

type Scene = Pick<
  WholeTargets,
  'node' | 'socket' | 'abstractSocket' | 'port' | 'victim' | 'wasSignalled' | 'secret' | 'sharedMemory'
>

/** What the whole set of attempts aims at besides files: listeners, a process, a secret. `room` is ours. */
export async function escapeScene(room: string): Promise<AsyncDisposable & Scene> {
  const [socket, abstractSocket, secret] = [join(room, 'listener.sock'), randomUUID(), randomUUID()]
  using place = socketPathFor(socket)
  const onNetwork = await listening({ port: 0, host: '127.0.0.1' })
  const servers = [
    onNetwork,
    await listening({ path: place.path }),
    await listening({ path: `\0${abstractSocket}` }),
  ]
  const victim = spawn('sleep', ['300'], { stdio: 'ignore', detached: true })
  await once(victim, 'spawn')
  const sharedMemory = await makeSharedMemory()
  let signalled = false
  const onSignal = (): void => {
    signalled = true
  }
  process.on('SIGCONT', onSignal)
  process.env[SECRET] = secret
  return {
    ...{ node: NODE.to, socket, abstractSocket, secret, sharedMemory },
    port: (onNetwork.address() as AddressInfo).port,
    victim: { pid: victim.pid ?? 0, isGone: () => victim.exitCode !== null || victim.signalCode !== null },
    wasSignalled: () => signalled,
    async [Symbol.asyncDispose]() {
      delete process.env[SECRET]
      process.off('SIGCONT', onSignal)
      victim.kill('SIGKILL')
      for (const server of servers) server.close()
      if (sharedMemory !== null) await execa('ipcrm', ['-m', sharedMemory], { reject: false })
    },
  }
}

async function listening(where: ListenOptions): Promise<Server> {
  // The byte tells whoever got here that it did.
  const server = createServer((socket) => socket.on('error', () => undefined).end('!'))
  server.listen(where)
  await once(server, 'listening')
  return server
}

/** Number of a segment (ipcmk(1) of util-linux); null where there is no such tool. */
async function makeSharedMemory(): Promise<string | null> {
  const { stdout } = await execa('ipcmk', ['-M', '4096'], { reject: false, stdin: 'ignore' })
  return /(\d+)\s*$/.exec(stdout ?? '')?.[1] ?? null
}
