/** What a task may reach on the network from inside its walls. */
export type NetworkPolicy =
  | { readonly mode: 'on' }
  | { readonly mode: 'off' }
  /** Only these, as `parseDomain` takes them, in lower case: `example.com`, `*.example.com`, `example.com:8443`. */
  | { readonly mode: 'domains'; readonly domains: readonly string[] }

/** One configured domain. */
export interface Domain {
  /** Lower case, without the final dot; an IPv6 address in brackets. */
  readonly host: string
  /** True for `*.host`: every name below it, at any depth, and not `host` itself. */
  readonly below: boolean
  readonly ports: readonly number[]
}

/** Where a request wants to go, in the form of `Domain.host`. */
export interface Destination {
  readonly host: string
  readonly port: number
}

/** Of http and https; what a domain without a port stands for. */
const DEFAULT_PORTS: readonly number[] = [80, 443]
/** RFC 1035 2.3.4: a label has at most 63 octets. Underscores are no host names, and are in use as such. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
/** A name that ends so is an IPv4 address to browsers and to inet_aton(3), in whatever spelling (WHATWG URL, 3.5). */
const NUMERIC_LABEL = /^(?:\d+|0x[0-9a-f]*)$/
const LONGEST_NAME = 253

/**
 * Reads `on`, `off`, `{ domains: [...] }` or a text with domains and commas between them. Answers one sentence when
 * it is none of these.
 */
export function parseNetworkPolicy(value: unknown): NetworkPolicy | string {
  if (value === 'on' || value === 'off') return { mode: value }
  const given = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : domainsIn(value)
  if (given === null) return 'The network is `on`, `off` or `{ domains: [example.com] }`.'
  if (given.length === 0) return 'The list of domains is empty: name one, or say `off`.'
  const domains: string[] = []
  for (const text of given) {
    if (typeof text !== 'string') return `${JSON.stringify(text)} is no domain: write it as text.`
    const domain = parseDomain(text)
    if (typeof domain === 'string') return domain
    domains.push(text.toLowerCase().replace(/\.(?=:|$)/, ''))
  }
  return { mode: 'domains', domains: [...new Set(domains)] }
}

function domainsIn(value: unknown): readonly unknown[] | null {
  if (typeof value !== 'object' || value === null) return null
  const { domains, ...rest } = value as { domains?: unknown }
  return Array.isArray(domains) && Object.keys(rest).length === 0 ? domains : null
}

/** Reads `example.com`, `*.example.com` or an IP address, each with an optional `:port`; or says why not. */
export function parseDomain(text: string): Domain | string {
  const quoted = JSON.stringify(text)
  if (text === '*') return '"*" is no domain: to allow every one, say `on`.'
  if (/[^ -~]/.test(text))
    return `${quoted} has characters outside ASCII: write the form of it that starts with xn--.`
  const below = text.startsWith('*.')
  const named = readDestination(below ? text.slice(2) : text, 0)
  if (named === null)
    return `${quoted} is no domain: write a name such as example.com, *.example.com or example.com:8443.`
  if (below && !isName(named.host)) return `${quoted} is no domain: no names are below an address.`
  return { host: named.host, below, ports: named.port === 0 ? DEFAULT_PORTS : [named.port] }
}

/**
 * Reads `host` or `host:port` as a request names it. Null for everything that is not plainly a name of at least two
 * labels or an address in its usual form: nothing is decoded, repaired or guessed, for a name that is read differently
 * here and by a resolver is the way around a list of domains.
 */
export function readDestination(text: string, defaultPort: number): Destination | null {
  // ASCII first: toLowerCase would turn the Kelvin sign into a k.
  const parts = /^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::([1-9]\d{0,4}))?$/.exec(text)
  const host = parts?.[1]?.toLowerCase().replace(/\.$/, '')
  const port = parts?.[2] === undefined ? defaultPort : Number(parts[2])
  if (host === undefined || port > 65_535) return null
  return host.startsWith('[') || isIPv4(host) || isName(host) ? { host, port } : null
}

/** Whether one of `domains` names exactly this host and port. */
export function isAllowed(domains: readonly Domain[], { host, port }: Destination): boolean {
  return domains.some(
    (domain) =>
      domain.ports.includes(port) &&
      (domain.below ? isName(host) && host.endsWith(`.${domain.host}`) : host === domain.host),
  )
}

function isName(host: string): boolean {
  const labels = host.split('.')
  return (
    host.length <= LONGEST_NAME &&
    labels.length > 1 &&
    labels.every((label) => LABEL.test(label)) &&
    !NUMERIC_LABEL.test(labels.at(-1) ?? '')
  )
}

/** Four decimal numbers, and no other of the spellings that inet_aton(3) takes. */
function isIPv4(host: string): boolean {
  const parts = host.split('.')
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && isOctet(part))
}

function isOctet(part: string): boolean {
  return Number(part) <= 255 && String(Number(part)) === part
}
