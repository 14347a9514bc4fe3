import { once } from 'node:events'
import { chmod, chown } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Fault } from '../fault.ts'
import { ender, socketPathFor } from '../sandbox/socket-path.ts'

/** What a program in a lane asks: `/task/show` is `task show`. Nothing in it has been checked. */
export interface LaneRequest {
  readonly operation: string
  /** The JSON body, or the words of the query. */
  readonly input: Readonly<Record<string, unknown>>
}

export interface LaneAnswer {
  /** As HTTP has them. */
  readonly status: number
  /** Sent as JSON. */
  readonly body: unknown
}

export interface LaneSocketOptions {
  /** In a directory that only we write in. Anything that lies there is removed. */
  readonly socketPath: string
  /** Who may connect beside root; null: ourselves. */
  readonly uid: number | null
  /** One request at a time. Whatever it throws becomes a 500 without details. */
  answer(request: LaneRequest): Promise<LaneAnswer>
}

export interface LaneSocket {
  /** Ends every connection and removes the socket. A second time it does nothing. */
  close(): Promise<void>
}

const MOST_CONNECTIONS = 8
const MOST_BODY_BYTES = 64 * 1024
const MOST_HEADER_BYTES = 8 * 1024
/** Milliseconds for a whole request, and for the next one on the same connection. */
const REQUEST_PATIENCE = 10_000
const IDLE_PATIENCE = 5_000
/** Requests at once, and how many more each second. */
const BURST = 40
const A_SECOND = 20

/**
 * Serves one lane on a unix socket, by HTTP, so that `curl --unix-socket` can ask too. It trusts nothing that comes
 * in: sizes, numbers and times are bounded, and what it knows of an operation is its name.
 * @throws Fault when it cannot listen
 */
export async function openLaneSocket(options: LaneSocketOptions): Promise<LaneSocket> {
  const { socketPath, uid } = options
  const place = socketPathFor(socketPath)
  const sockets = new Set<Socket>()
  const server = makeServer(inTurn(options.answer), sockets)
  try {
    server.listen(place.path)
    await once(server, 'listening')
    await chmod(socketPath, 0o600)
    if (uid !== null) await chown(socketPath, uid, uid)
  } catch (cause) {
    server.close()
    place[Symbol.dispose]()
    throw new Fault(`The socket of a lane cannot listen: ${(cause as Error).message}`, {
      retry: 'later',
      cause,
    })
  }
  return { close: ender(server, sockets, place) }
}

/** A lane that asks much waits for itself: what an answer costs is never paid twice at once. */
function inTurn(answer: LaneSocketOptions['answer']): LaneSocketOptions['answer'] {
  let last: Promise<unknown> = Promise.resolve()
  return async (request) => {
    const next = last.then(async () => await answer(request))
    last = next.catch(() => undefined)
    return await next
  }
}

function makeServer(answer: LaneSocketOptions['answer'], sockets: Set<Socket>): Server {
  const server = createServer({
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: REQUEST_PATIENCE,
    requestTimeout: REQUEST_PATIENCE,
    keepAliveTimeout: IDLE_PATIENCE,
    connectionsCheckingInterval: REQUEST_PATIENCE / 2,
  })
  server.maxConnections = MOST_CONNECTIONS
  const spend = bucket()
  server.on('error', () => undefined)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A lane that hangs up is no error of ours.
    socket.on('error', () => undefined)
  })
  server.on('request', (asked, reply) => {
    void serve(asked, { answer, spend })
      .catch(() => problem(500, 'fault', 'Worklane could not answer.'))
      .then((said) => send(asked, reply, said))
  })
  server.on('upgrade', (_asked, socket) => socket.destroy())
  server.on('clientError', (_error, socket) => {
    const { body } = problem(400, 'usage', 'This is no HTTP request.')
    const text = JSON.stringify(body)
    if (socket.writable)
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
      )
  })
  return server
}

/** True while requests are left: a bucket that holds some and is filled steadily. */
function bucket(): () => boolean {
  let left = BURST
  let filled = performance.now()
  return () => {
    const now = performance.now()
    left = Math.min(BURST, left + ((now - filled) / 1000) * A_SECOND)
    filled = now
    if (left < 1) return false
    left -= 1
    return true
  }
}

interface Rules {
  readonly answer: LaneSocketOptions['answer']
  readonly spend: () => boolean
}

async function serve(asked: IncomingMessage, { answer, spend }: Rules): Promise<LaneAnswer> {
  if (!spend()) return problem(429, 'too-many', 'Too many requests; ask again in a second.')
  const [path = '', query = ''] = (asked.url ?? '').split(/\?(.*)/s)
  const operation = path.slice(1).replaceAll('/', ' ')
  if (!/^\/[a-z]+(\/[a-z]+)?$/.test(path))
    return problem(404, 'no-such-operation', 'There is no such operation; one is asked for as /task/show.')
  if (asked.method === 'GET') return await answer({ operation, input: wordsOf(query) })
  if (asked.method !== 'POST') return problem(405, 'usage', 'Ask with GET, or with POST and a JSON body.')
  const body = await bodyOf(asked)
  if (body === null) return problem(413, 'too-large', `A body has ${MOST_BODY_BYTES} bytes at most.`)
  const input = objectIn(body)
  if (input === null) return problem(400, 'usage', 'The body has to be a JSON object in UTF-8.')
  return await answer({ operation, input })
}

function wordsOf(query: string): Record<string, unknown> {
  const words = [...new URLSearchParams(query)]
  return Object.fromEntries(words.map(([name, value]) => [name, /^(true|)$/.test(value) ? true : value]))
}

/** Null: it is larger than it may be. The rest of it is not read. */
async function bodyOf(asked: IncomingMessage): Promise<Buffer | null> {
  if (Number(asked.headers['content-length'] ?? 0) > MOST_BODY_BYTES) return null
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of asked as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MOST_BODY_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function objectIn(body: Buffer): Record<string, unknown> | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return value as Record<string, unknown>
  } catch {
    return null
  }
}

function problem(status: number, code: string, message: string): LaneAnswer {
  return { status, body: { ok: false, error: { code, message, hint: '' } } }
}

function send(asked: IncomingMessage, reply: ServerResponse, { status, body }: LaneAnswer): void {
  // Of a body that was not read nobody knows where it ends.
  const isWhole = asked.complete
  reply.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    ...(isWhole ? {} : { connection: 'close' }),
  })
  reply.end(`${JSON.stringify(body)}\n`, () => {
    if (!isWhole) asked.destroy()
  })
}
