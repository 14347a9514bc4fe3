import { once } from 'node:events'
import { closeSync, constants, openSync, rmSync } from 'node:fs'
import type { Server } from 'node:net'
import { basename, dirname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import { Fault } from '../fault.ts'

/** sun_path of unix(7) has 108 bytes, the last of them a NUL; 104 on macOS. */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103

/** A name under which a socket can be made. */
export interface SocketPath extends Disposable {
  readonly path: string
}

/**
 * The path to listen on for a socket that is to lie at `path`, with whatever lies there removed. Too long ones go
 * through a descriptor of their directory, which has to stay open until the socket is closed.
 * @throws Fault for a path that is too long where /proc cannot shorten it
 */
export function socketPathFor(path: string): SocketPath {
  rmSync(path, { force: true })
  if (Buffer.byteLength(path) <= LONGEST_PATH) return { path, [Symbol.dispose]: () => undefined }
  if (process.platform !== 'linux')
    throw new Fault(`The path of a socket is too long: ${path}`, {
      retry: 'never',
      hint: `At most ${LONGEST_PATH} bytes are possible: put the lanes at a shorter path.`,
    })
  const descriptor = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY)
  return {
    path: join('/proc/self/fd', String(descriptor), basename(path)),
    [Symbol.dispose]: () => closeSync(descriptor),
  }
}

/** Ends a server on such a path, once, with every connection that it has. */
export function ender(server: Server, sockets: Iterable<Duplex>, place: SocketPath): () => Promise<void> {
  let closed: Promise<unknown> | undefined
  const end = async (): Promise<void> => {
    const ended = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await ended.finally(() => place[Symbol.dispose]())
  }
  return async () => {
    closed ??= end()
    await closed
  }
}
