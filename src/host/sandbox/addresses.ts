import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/**
 * `private`: this machine or a network of its owner, which may be allowed for one destination by name.
 * `never`: what nothing in a lane has any business with, metadata services of clouds before all.
 */
export type AddressKind = 'public' | 'private' | 'never'

/** RFC 1918, RFC 1122 (loopback), RFC 6598 (carriers and overlay networks). */
const PRIVATE_V4 = ['10.0.0.0/8', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']
/** The rest of the IANA registry of special purpose addresses (RFC 6890), and metadata services outside of it. */
const NEVER_V4 = [
  '0.0.0.0/8',
  '169.254.0.0/16', // link-local, with the metadata services of AWS, Google, Azure, Oracle and others
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '100.100.100.200/32', // metadata of Alibaba Cloud
  '168.63.129.16/32', // the host of an Azure machine: a public address that is not public
]
/** Addresses of IPv4 in IPv6: mapped ones, and what NAT64 translates (RFC 6052). Judged by what is in them. */
const CARRIERS_OF_V4 = ['::ffff:', '64:ff9b::']
/** RFC 4193 and loopback. */
const PRIVATE_V6 = ['::1/128', 'fc00::/7']
const METADATA_V6 = ['fd00:ec2::/32', 'fd20:ce::254/128'] // AWS, Google
/** Of IPv6 only this is public (RFC 4291 2.4), without what the IANA registry takes out of it: */
const GLOBAL_V6 = ['2000::/3']
/** Teredo and other protocols, documentation, and 6to4, which carries an IPv4 address and is given up (RFC 7526). */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

const metadataOrSpecial = listOf([...withCarriers(NEVER_V4), ...METADATA_V6, ...SPECIAL_V6])
const ofTheOwner = listOf([...withCarriers(PRIVATE_V4), ...PRIVATE_V6])
const global = listOf(['0.0.0.0/0', ...CARRIERS_OF_V4.map((prefix) => `${prefix}0.0.0.0/96`), ...GLOBAL_V6])

/** What is behind an address. Addresses with a zone (`fe80::1%eth0`) and what is no address are `never`. */
export function kindOfAddress(address: string): AddressKind {
  const version = address.includes('%') ? 0 : isIP(address)
  if (version === 0) return 'never'
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (metadataOrSpecial.check(address, family)) return 'never'
  if (ofTheOwner.check(address, family) || isOfThisMachine(address, family)) return 'private'
  return global.check(address, family) ? 'public' : 'never'
}

/** A public address of this machine leads to what listens on it, as loopback does. */
function isOfThisMachine(address: string, family: 'ipv4' | 'ipv6'): boolean {
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const ranges = own.map((one) => `${one.address.replace(/%.*/, '')}/${one.family === 'IPv4' ? 32 : 128}`)
  return listOf(withCarriers(ranges)).check(address, family)
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', bits] = range.split('/')
    list.addSubnet(network, Number(bits), isIP(network) === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

/** The ranges of IPv4, and where they are in IPv6. */
function withCarriers(ranges: readonly string[]): string[] {
  return ranges.flatMap((range) => {
    const [network = '', bits] = range.split('/')
    if (isIP(network) !== 4) return [range]
    return [range, ...CARRIERS_OF_V4.map((prefix) => `${prefix}${network}/${96 + Number(bits)}`)]
  })
}
