import { lookup } from 'node:dns/promises'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import type { Destination } from '../../board/network.ts'
import { kindOfAddress } from './addresses.ts'

/** The addresses of a name, in the order in which to try them. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** No connection, and why: `refused` by us, or the outside world has none to give. */
export interface NoConnection {
  readonly refused: boolean
  readonly sentence: string
}

export interface DialOptions {
  readonly resolve: Resolve
  /** Whether it may be at a private address. */
  readonly mayBePrivate: boolean
  /** Milliseconds until a connection that nobody answers is given up. */
  readonly patience: number
  readonly signal: AbortSignal
}

/** As all programs of the machine look names up: /etc/hosts, then the name servers. */
export const systemResolve: Resolve = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address)

/**
 * Connects to a destination. Its name is resolved once, and the connection goes to one of the addresses that were
 * judged: a name server that answers otherwise the second time is never asked a second time. One bad address among
 * good ones spoils them all, for an honest name has none. Never throws.
 */
export async function dial(to: Destination, options: DialOptions): Promise<Socket | NoConnection> {
  const target = `${to.host}:${to.port}`
  const addresses = await addressesOf(to.host, options.resolve)
  if (addresses.length === 0) return { refused: false, sentence: `No address is known for ${to.host}.` }
  const allowed = options.mayBePrivate ? ['public', 'private'] : ['public']
  const bad = addresses.find((address) => !allowed.includes(kindOfAddress(address)))
  if (bad !== undefined)
    return { refused: true, sentence: `${target} is at ${bad}, which is no address of the public internet.` }
  try {
    return await connectToOneOf(addresses, to.port, options)
  } catch (error) {
    return { refused: false, sentence: `${target} cannot be reached: ${reason(error)}.` }
  }
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly string[]> {
  const literal = host.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0) return [literal]
  // What an unknown name and an unreachable name server give is the same to a lane.
  return await resolve(host).catch(() => [])
}

/** Tries them in order, as far as the machine has a route there (RFC 8305, which Node has built in). */
async function connectToOneOf(
  addresses: readonly string[],
  port: number,
  { patience, signal }: Pick<DialOptions, 'patience' | 'signal'>,
): Promise<Socket> {
  const judged = addresses.map((address) => ({ address, family: isIP(address) }))
  const answer: LookupFunction = (_name, _options, give) => give(null, judged)
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({
    // Only ever handed to the lookup above.
    host: 'judged.invalid',
    port,
    lookup: answer,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 1000,
    allowHalfOpen: true,
  })
  const giveUp = (): void => void socket.destroy(new Error('no answer'))
  const timer = setTimeout(giveUp, patience)
  signal.addEventListener('abort', giveUp)
  socket.once('connect', () => resolve(socket))
  // Stays for the socket's life: its errors end in 'close', which is what its user looks at.
  socket.on('error', reject)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}
