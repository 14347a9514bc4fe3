import assert from 'node:assert/strict'
import { ATTEMPTS } from '../fixtures/network/attempts.ts'
import { makeScene, objections, type Played } from '../fixtures/network/scene.ts'
import { probeInWalls } from '../fixtures/network/walls.ts'
import type { Figures, Proof, Report } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** How many of all attempts, from the first on. */
  readonly attempts: number
}

/** More than there are: all of them. */
const ALL = 1000

const GROUPS: Readonly<Record<string, string>> = {
  name: 'names: suffix, prefix, user information, NUL, percent, control characters, dots, length',
  'look-alike': 'look-alikes: other alphabets, other dots, invisible characters',
  address: 'addresses: decimal, octal, hexadecimal, short, IPv6 forms, zones, metadata services',
  'configured address': 'private and metadata addresses that somebody put on the list',
  port: 'other ports of an allowed name, and ports that two programs read differently',
  resolved:
    'allowed names whose name server answers with an address that is not public, or changes its answer',
  request: 'requests whose parts disagree: Host, URL, scheme, Upgrade, oversized headers',
  sequence: 'requests after and inside of others: pipelining, tunnels, smuggling',
  protocol: 'other protocols: HTTP/2, SOCKS, TLS, PROXY',
}

export const networkPolicy: Proof<Size> = {
  name: 'network-policy',
  line: 'A lane whose network is a list of domains: ways around the list, each as the bytes that a program in the lane can send, 0 connections to what is not allowed; the same bytes at a relay without rules arrive; inside of walls an allowed request works, and there is no other way out.',
  sample: { attempts: ALL },
  full: { attempts: ALL },
  async run({ attempts }, report): Promise<Figures> {
    const played = await playAll('proxy', attempts)
    report.say(`${played.length} attempts at the proxy`)
    const arrived = await playAll('careless relay', attempts)
    const reached = arrived.filter(({ forbidden }) => forbidden > 0).length
    report.say(`${reached} of them arrive through a relay without rules`)
    assert.ok(reached >= 0.9 * arrived.length, `only ${reached} of the attempts are ones`)
    return { ...figures(played, reached), ...(await walls(report)) }
  },
}

async function playAll(kind: 'proxy' | 'careless relay', count: number): Promise<Played[]> {
  await using scene = await makeScene(kind)
  const played: Played[] = []
  const wrong: string[] = []
  for (const attempt of ATTEMPTS.slice(0, count)) {
    const one = await scene.play(attempt)
    played.push(one)
    if (kind === 'proxy') wrong.push(...objections(attempt, one, scene.targets.port))
  }
  assert.deepEqual(wrong, [])
  if (kind === 'proxy') assert.equal(await scene.connections(), 0)
  return played
}

function figures(played: readonly Played[], reached: number): Figures {
  const groups = Object.entries(GROUPS).map(([group, line]): [string, number] => [
    line,
    played.filter((one) => one.group === group).length,
  ])
  return {
    attempts: played.length,
    'connections to what is not allowed': 0,
    'of them arrive through a relay without rules': reached,
    ...Object.fromEntries(groups),
    'names looked up that are not on the list': 0,
    'requests that name an allowed host too, served under its name only': played.flatMap(
      ({ served }) => served,
    ).length,
  }
}

/** A program in a network namespace of its own, as an ordinary user. */
async function walls(report: Report): Promise<Figures> {
  await using scene = await makeScene()
  const seen = await probeInWalls(scene)
  report.say(JSON.stringify(seen))
  const isAllowed = (way: string): boolean => way.startsWith('allowed,')
  for (const [way, came] of Object.entries(seen))
    assert.equal(/^200 |^connected$/.test(came), isAllowed(way), `${way}: ${came}`)
  assert.equal(await scene.connections(), 0)
  return Object.fromEntries(
    Object.entries(seen).map(([way, came]) => [`inside of walls: ${way}`, came.replaceAll(/:\d{4,5}/g, '')]),
  )
}
