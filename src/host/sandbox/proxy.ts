import { once } from 'node:events'
import { chmod, chown } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIP, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type Destination,
  type Domain,
  isAllowed,
  parseDomain,
  readDestination,
} from '../../board/network.ts'
import { Fault } from '../fault.ts'
import { kindOfAddress } from './addresses.ts'
import { dial, type NoConnection, type Resolve, systemResolve } from './dial.ts'
import { relayRequest } from './relay-request.ts'
import { ender, socketPathFor } from './socket-path.ts'

/** The only way out of the walls of a lane whose network is a list of domains. */
export interface NetworkProxy {
  /** Ends every connection and removes the socket. A second time it does nothing. */
  close(): Promise<void>
}

/** A request that was not let through. */
export interface RefusedRequest {
  /** As the lane wrote it, at most 200 characters, printable ASCII only. */
  readonly target: string
  /** `request`: not HTTP as a proxy is asked. `domain`: not on the list. `address`: the name leads to a private address. */
  readonly why: 'request' | 'domain' | 'address'
  /** `host:port`, where it names one. */
  readonly to: string | null
  /** What the lane was told. */
  readonly sentence: string
}

export interface ProxyOptions {
  /** As in `NetworkPolicy`. */
  readonly domains: readonly string[]
  /** In a directory that only the caller can enter; one proxy at a time. Anything that lies there is removed. */
  readonly socketPath: string
  /** Who may connect beside root; ourselves when left out. */
  readonly uid?: number | null
  onRefused(refused: RefusedRequest): void
  readonly resolve?: Resolve
  /** `host:port` of destinations that may be at a private address. They must be allowed by `domains` as well. */
  readonly allowPrivate?: readonly string[]
}

const MOST_CONNECTIONS = 256
const MOST_HEADER_BYTES = 16 * 1024
const HEADER_PATIENCE = 10_000
const DIAL_PATIENCE = 15_000
/** A model may think for minutes before its first word. */
const IDLE_PATIENCE = 15 * 60_000

/**
 * Starts an HTTP proxy on a unix socket: CONNECT for anything, absolute URLs for plain http. It knows only what a
 * request names, not what goes through a tunnel: a server that serves an allowed name and others besides can be asked
 * for the others through TLS ("domain fronting").
 * @throws Fault when it cannot listen, or a domain cannot be read
 */
export async function startProxy(options: ProxyOptions): Promise<NetworkProxy> {
  const closing = new AbortController()
  const gate = gateOf(options, closing.signal)
  const place = socketPathFor(options.socketPath)
  const sockets = new Set<Socket>()
  const server = makeServer(gate, sockets)
  try {
    server.listen(place.path)
    await once(server, 'listening')
    await chmod(options.socketPath, 0o600)
    if (typeof options.uid === 'number') await chown(options.socketPath, options.uid, options.uid)
  } catch (cause) {
    server.close()
    place[Symbol.dispose]()
    throw new Fault(`The network proxy cannot listen: ${(cause as Error).message}`, { retry: 'later', cause })
  }
  const end = ender(server, sockets, place)
  return {
    async close() {
      closing.abort()
      await end()
    },
  }
}

/** Decides on a request: a connection, or why there is none. */
interface Gate {
  open(to: Destination | null, asked: string): Promise<Socket | NoConnection>
  /** A request that names no destination in the way of a proxy. */
  malformed(asked: string): NoConnection
}

function gateOf(options: ProxyOptions, signal: AbortSignal): Gate {
  const { domains, onRefused, resolve = systemResolve, allowPrivate = [] } = options
  const allowed = domains.map(readDomain)
  type Request = Pick<RefusedRequest, 'why' | 'to'>
  const refuse = (request: Request, asked: string, said: string): NoConnection => {
    const sentence = `Worklane: ${said}`
    onRefused({ target: printable(asked), ...request, sentence })
    return { refused: true, sentence }
  }
  const malformed = (asked: string): NoConnection =>
    refuse(
      { why: 'request', to: null },
      asked,
      `${printable(asked) || 'this'} is no request that a proxy can be asked.`,
    )
  return {
    malformed,
    async open(to, asked) {
      if (to === null) return malformed(asked)
      const target = `${to.host}:${to.port}`
      const mayBePrivate = allowPrivate.includes(target)
      if (!isAllowed(allowed, to)) {
        const way = isClosed(to.host) && !mayBePrivate ? NO_WAY : WAY
        return refuse({ why: 'domain', to: target }, asked, `this task may not reach ${target}. ${way}`)
      }
      const connection = await dial(to, { resolve, mayBePrivate, patience: DIAL_PATIENCE, signal })
      if (connection instanceof Socket || !connection.refused) return connection
      return refuse({ why: 'address', to: target }, asked, connection.sentence)
    },
  }
}

/** Which list it is that holds here, the proxy does not know. */
const WAY =
  'To allow it, add it to the domains of the task (--network, network=) or, where it has none of its own, to sandbox.network.domains in worklane.yaml.'
const NO_WAY = 'It is no address of the public internet, and no list of domains opens such.'

/** Only what is written as an address: to look a name up for a hint would send it out. */
function isClosed(host: string): boolean {
  const literal = host.replace(/^\[|\]$/g, '')
  return isIP(literal) !== 0 && kindOfAddress(literal) !== 'public'
}

function readDomain(text: string): Domain {
  const domain = parseDomain(text)
  if (typeof domain === 'string') throw new Fault(domain, { retry: 'never' })
  return domain
}

function makeServer(gate: Gate, sockets: Set<Socket>): Server {
  const server = createServer({
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: HEADER_PATIENCE,
    // For the whole of a request with its body, which may be a long upload.
    requestTimeout: 0,
    connectionsCheckingInterval: HEADER_PATIENCE / 2,
  })
  server.maxConnections = MOST_CONNECTIONS
  server.timeout = IDLE_PATIENCE
  // Out of descriptors for a moment: one lane waits, and we go on.
  server.on('error', () => undefined)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A lane that hangs up is no error of ours.
    socket.on('error', () => undefined)
  })
  server.on('request', (asked, answer) => void serve(gate, asked, answer).catch(() => answer.destroy()))
  server.on(
    'connect',
    (asked, lane, head) => void tunnel(gate, asked, lane, head).catch(() => lane.destroy()),
  )
  server.on('clientError', (_error, lane) => {
    // Ended: it has its answer, and is destroyed with the last byte of it.
    if (!lane.writableEnded) sayOn(lane, 400, gate.malformed(''))
  })
  return server
}

/** Plain http: the request line has the whole URL (RFC 9112 3.2.2). */
async function serve(gate: Gate, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const url = asked.url ?? ''
  const [, authority, path = ''] = /^http:\/\/([^/?#]*)([/?][!-~]*)?$/i.exec(url) ?? []
  // A body whose end is nobody's to know; Node tells of it only when it comes to the body.
  const coding = asked.headers['transfer-encoding'] ?? 'chunked'
  if (!/(^|,)\s*chunked$/i.test(coding)) return sayOn(asked.socket, 400, gate.malformed(url))
  if (authority === undefined) return say(answer, 400, gate.malformed(url))
  const to = readDestination(authority, 80)
  const socket = await gate.open(to, url)
  if (!(socket instanceof Socket)) return say(answer, socket.refused ? 403 : 502, socket)
  if (to === null || answer.destroyed) return void socket.destroy()
  socket.setTimeout(IDLE_PATIENCE, () => socket.destroy())
  const whole = path.startsWith('/') ? path : `/${path}`
  relayRequest(asked, answer, { to, path: whole, socket }, (sentence) =>
    say(answer, 502, { refused: false, sentence }),
  )
}

function say(answer: ServerResponse, status: number, { sentence }: NoConnection): void {
  answer.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
  answer.end(`${sentence}\n`)
}

/** CONNECT: bytes in both directions from then on (RFC 9110 9.3.6). */
async function tunnel(gate: Gate, asked: IncomingMessage, lane: Duplex, head: Buffer): Promise<void> {
  const name = asked.url ?? ''
  const to = readDestination(name, 0)
  const socket = await gate.open(to?.port === 0 ? null : to, name)
  if (!(socket instanceof Socket)) return sayOn(lane, socket.refused ? 403 : 502, socket)
  if (lane.destroyed) return void socket.destroy()
  lane.on('close', () => socket.destroy())
  socket.on('close', () => lane.destroy())
  for (const end of [lane, socket])
    if (end instanceof Socket) end.setTimeout(IDLE_PATIENCE, () => end.destroy())
  lane.write('HTTP/1.1 200 Connection established\r\n\r\n')
  socket.write(head)
  lane.pipe(socket)
  socket.pipe(lane)
}

function sayOn(lane: Duplex, status: number, { sentence }: NoConnection): void {
  const reason = { 400: 'Bad Request', 403: 'Forbidden by sandbox.network.domains' }[status] ?? 'Bad Gateway'
  const head = [
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${sentence.length + 1}`,
    'Connection: close',
  ]
  lane.end(`HTTP/1.1 ${status} ${reason}\r\n${head.join('\r\n')}\r\n\r\n${sentence}\n`, () => lane.destroy())
}

function printable(text: string): string {
  return text.slice(0, 200).replace(/[^ -~]/g, '?')
}
