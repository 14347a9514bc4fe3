import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import type { Destination } from '../../board/network.ts'

/** What is between two neighbours only (RFC 9110 7.6.1), and what a proxy answers itself. */
const HOP_BY_HOP = new Set([
  ...['connection', 'proxy-connection', 'keep-alive', 'te', 'trailer', 'upgrade', 'http2-settings'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info', 'expect'],
])
/** Where a message ends must not become a matter of opinion between us and the server. */
const FRAMING = new Set(['content-length', 'transfer-encoding'])

/**
 * Hands a request on over `socket`, which is connected to `to`, and its answer back. The server hears the name that
 * was judged, whatever the request's own Host says (RFC 9112 3.2.2).
 */
export function relayRequest(
  asked: IncomingMessage,
  answer: ServerResponse,
  { to, path, socket }: { readonly to: Destination; readonly path: string; readonly socket: Socket },
  onFailure: (sentence: string) => void,
): void {
  const onward = request({
    createConnection: () => socket,
    method: asked.method,
    path,
    setHost: false,
    headers: [
      ...['Host', to.port === 80 ? to.host : `${to.host}:${to.port}`],
      ...forwarded(asked, ['host']),
      ...['Connection', 'close'],
    ],
  })
  onward.on('response', (response) => {
    try {
      const headers = forwarded(response, ['transfer-encoding'])
      answer.writeHead(response.statusCode ?? 502, response.statusMessage, headers)
      pipeline(response, answer, () => socket.destroy())
    } catch {
      // Node reads more than it writes: status 99, for one.
      onward.destroy(new Error('no answer that can be handed on'))
    }
  })
  onward.on('error', () => undefined)
  // Also after 101, which nobody asked for: Node hangs up then without an error.
  onward.on('close', () => {
    if (!answer.headersSent && !answer.destroyed)
      onFailure(`${to.host}:${to.port} did not answer as a web server does.`)
  })
  answer.on('close', () => onward.destroy())
  // Not a pipeline: when the server answers early and hangs up, its answer has to reach the lane.
  asked.pipe(onward)
}

/** Names and values in turn, as they came. */
function forwarded({ rawHeaders, headers }: IncomingMessage, without: readonly string[]): string[] {
  const named = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/)
  const dropped = new Set([...HOP_BY_HOP, ...named.filter((name) => !FRAMING.has(name)), ...without])
  return rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && !dropped.has(name.toLowerCase()) ? [name, rawHeaders[at + 1] ?? ''] : [],
  )
}
