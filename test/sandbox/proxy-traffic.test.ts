import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { kindOfAddress } from '../../src/host/sandbox/addresses.ts'
import { requirement } from '../../src/host/sandbox/forward.ts'
import { type RefusedRequest, startProxy } from '../../src/host/sandbox/proxy.ts'
import { type Attempt, PORT } from '../fixtures/network/attempt.ts'
import { LEADS } from '../fixtures/network/leads.ts'
import { exchange, makeScene, type Scene } from '../fixtures/network/scene.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

const made: string[] = []
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true })
})

function aDirectory(): string {
  const directory = temporaryDirectory()
  made.push(directory)
  return directory
}

async function send(scene: Scene, bytes: string, answers: readonly number[] = [200]): Promise<string> {
  const attempt: Attempt = { name: 'honest', group: 'honest', bytes, answers }
  const played = await scene.play(attempt)
  expect(played.statuses).toEqual(answers)
  return played.text
}

test('allowed names in each way to write them', async () => {
  await using scene = await makeScene()
  const hosts = [
    'example.com',
    'EXAMPLE.com',
    'example.com.',
    'ok.wild.test',
    'a.b-c.d_e.wild.test',
    'OK.Wild.Test.',
  ]
  for (const host of hosts) {
    const inside = `GET /inside HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
    const tunnel = `CONNECT ${host}:${PORT} HTTP/1.1\r\nHost: ${host}:${PORT}\r\n\r\n${inside}`
    expect(await send(scene, tunnel, [200, 200])).toMatch(/allowed GET \/inside 0\n$/)
    const url = `GET http://${host}:${PORT}?a=b HTTP/1.1\r\nHost: ${host}:${PORT}\r\n\r\n`
    expect(await send(scene, url)).toMatch(/allowed GET \/\?a=b 0\n$/)
  }
  expect(scene.refused).toEqual([])
})

test('requests with bodies, one after the other on a connection', async () => {
  await using scene = await makeScene()
  const head = (line: string): string => `${line} HTTP/1.1\r\nHost: x\r\n`
  const url = `http://example.com:${PORT}/x`
  const chunked = `${head(`POST ${url}`)}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`
  const large = `${head(`PUT ${url}`)}Content-Length: 5000000\r\n\r\n${'x'.repeat(5_000_000)}`
  const text = await send(scene, `${chunked}${head(`HEAD ${url}`)}\r\n${large}`, [200, 200, 200])
  expect(text).toMatch(/allowed POST \/x 5\n[\s\S]*allowed PUT \/x 5000000\n$/)
  expect(scene.targets.served).toEqual(Array(3).fill(`example.com:${scene.targets.port}`))
})

test('a refusal says what to do, to the lane and to us', async () => {
  await using scene = await makeScene()
  const text = await send(scene, `CONNECT evil.org:22 HTTP/1.1\r\nHost: x\r\n\r\n`, [403])
  const sentence =
    'Worklane: this task may not reach evil.org:22. To allow it, add it to the domains of the task (--network, network=) or, where it has none of its own, to sandbox.network.domains in worklane.yaml.'
  expect(text).toContain(`\r\n\r\n${sentence}\n`)
  expect(scene.refused).toEqual([{ target: 'evil.org:22', why: 'domain', to: 'evil.org:22', sentence }])
  await send(scene, `CONNECT ten.wild.test:${PORT} HTTP/1.1\r\nHost: x\r\n\r\n`, [403])
  expect(scene.refused).toMatchObject([{ why: 'address', sentence: expect.stringContaining('10.0.0.1') }])
  await send(scene, 'nonsense\r\n\r\n', [400])
  expect(scene.refused).toMatchObject([{ why: 'request' }])
  for (const host of ['169.254.169.254', '10.0.0.1', '[::1]']) {
    const closed = await send(scene, `CONNECT ${host}:80 HTTP/1.1\r\nHost: x\r\n\r\n`, [403])
    expect(closed).toContain(
      `${host}:80. It is no address of the public internet, and no list of domains opens such.`,
    )
  }
})

/** A proxy before one raw server, which is called `server.test`. */
async function before(serve: (socket: Socket) => void, directory = aDirectory()): Promise<RawScene> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socketPath = join(directory, 'proxy')
  const refused: RefusedRequest[] = []
  const names = [`server.test:${port}`, 'nobody.test:1', 'closed.test:1', 'slow.test:1']
  const proxy = await startProxy({
    domains: names,
    allowPrivate: names,
    socketPath,
    resolve: async (name) => (name === 'nobody.test' ? [] : ['127.0.0.1']),
    onRefused: (one) => void refused.push(one),
  })
  const close = async (): Promise<void> => {
    await proxy.close()
    server.close()
  }
  return { socketPath, port, close, url: `http://server.test:${port}/` }
}

interface RawScene {
  readonly socketPath: string
  readonly port: number
  readonly url: string
  close(): Promise<void>
}

async function statusOf({ socketPath }: RawScene, request: string): Promise<string> {
  return (await exchange(socketPath, Buffer.from(request), 1)).slice(0, 12)
}

test('a server that is not there, or no web server, is the fault of neither', async () => {
  const answers = [
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    'HTTP/1.1 099 Odd\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: \x01\r\n\r\n',
    'HTTP/1.1 200 O\x7fK\r\nContent-Length: -1\r\n\r\n',
    'SSH-2.0-x\r\n',
    '',
  ]
  const told = [...answers]
  const scene = await before((socket) =>
    socket.resume().end(told.shift() ?? 'HTTP/1.1 204 Fine\r\n\r\n', 'latin1'),
  )
  const get = `GET ${scene.url} HTTP/1.1\r\nHost: x\r\n\r\n`
  for (const answer of answers) expect([answer, await statusOf(scene, get)]).toEqual([answer, 'HTTP/1.1 502'])
  for (const name of ['nobody.test:1', 'closed.test:1'])
    expect(await statusOf(scene, `CONNECT ${name} HTTP/1.1\r\nHost: x\r\n\r\n`)).toBe('HTTP/1.1 502')
  expect(await statusOf(scene, get)).toBe('HTTP/1.1 204')
  await scene.close()
})

test('an answer that comes before the whole request was sent arrives', async () => {
  const scene = await before((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n'))
  })
  const post = `POST ${scene.url} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n${'x'.repeat(100_000)}`
  expect(await statusOf(scene, post)).toBe('HTTP/1.1 413')
  await scene.close()
})

test('the end ends tunnels', async () => {
  const scene = await before((socket) => socket.write('hello'))
  const tunnel = connect(scene.socketPath)
  tunnel.write(`CONNECT server.test:${scene.port} HTTP/1.1\r\nHost: x\r\n\r\n`)
  let text = ''
  while (!text.endsWith('hello')) text += String((await once(tunnel, 'data'))[0])
  await Promise.all([once(tunnel, 'close'), scene.close(), scene.close()])
  expect(existsSync(scene.socketPath)).toBe(false)
})

test('a path that is too long for a socket', async () => {
  const directory = join(aDirectory(), 'd'.repeat(120))
  mkdirSync(directory)
  const scene = await before((socket) => socket.resume().end('HTTP/1.1 204 Fine\r\n\r\n'), directory)
  const short = join(aDirectory(), 'short')
  symlinkSync(directory, short)
  const seen = { ...scene, socketPath: join(short, 'proxy') }
  expect(await statusOf(seen, `GET ${scene.url} HTTP/1.1\r\nHost: x\r\n\r\n`)).toBe('HTTP/1.1 204')
  await scene.close()
  expect(existsSync(scene.socketPath)).toBe(false)
})

test('a lane that opens too many connections waits for none of the others', async () => {
  const scene = await before((socket) => socket.resume().end('HTTP/1.1 204 Fine\r\n\r\n'))
  const held = Array.from({ length: 256 }, () => connect(scene.socketPath))
  await Promise.all(held.map(async (socket) => await once(socket, 'connect')))
  const get = `GET ${scene.url} HTTP/1.1\r\nHost: x\r\n\r\n`
  expect(await statusOf(scene, get)).toBe('')
  const [first] = held
  first?.end()
  if (first !== undefined) await once(first.resume(), 'close')
  expect(await statusOf(scene, get)).toBe('HTTP/1.1 204')
  for (const socket of held) socket.destroy()
  await scene.close()
})

test('a domain that cannot be read is a fault, not one domain less', async () => {
  const options = {
    domains: ['exa mple.com'],
    socketPath: join(aDirectory(), 'proxy'),
    onRefused: () => undefined,
  }
  await expect(startProxy(options)).rejects.toThrow('is no domain')
  expect(existsSync(options.socketPath)).toBe(false)
})

test('which addresses are public', () => {
  const others = [
    '8.8.8.8',
    '172.32.0.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2001:4860::1',
  ]
  expect(others.filter((address) => kindOfAddress(address) !== 'public')).toEqual([])
  const not = Object.values(LEADS).filter(
    (answers) => !answers.some((address) => kindOfAddress(address) !== 'public'),
  )
  expect(not).toEqual([])
})

test('socat is looked for on PATH', () => {
  expect(requirement()).toBeNull()
  const path = process.env.PATH
  process.env.PATH = '/nowhere'
  try {
    expect(requirement()).toMatch(/^sandbox\.network\.domains needs socat: install it/)
  } finally {
    process.env.PATH = path
  }
})
