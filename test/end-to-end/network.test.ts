import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { data, worklane } from '../fixtures/cli.ts'
import { makeRepository } from '../fixtures/repository.ts'

process.env.WORKLANE_SANDBOX = 'walls'

/** Through the proxy where there is one. */
const ASK = `
const target = 'http://127.0.0.1:' + process.argv[2] + '/'
const proxy = process.env.HTTP_PROXY && new URL(process.env.HTTP_PROXY)
const to = proxy ? { host: proxy.hostname, port: proxy.port, path: target } : target
require('node:http').get(to, (answer) => answer.pipe(process.stdout)).on('error', (error) => console.log(error.code))
`

test('a task reaches what it may, and what it may not is refused and told', async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked += 1
    response.end('hello')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    using repository = makeRepository({
      'ask.cjs': ASK,
      'tasks.yaml':
        '- { subject: Free }\n- { subject: Bounded, network: example.com }\n- { subject: Alone, network: off }\n',
    })
    const { root } = repository
    const agent = `node ask.cjs ${port} > said-$WORKLANE_TASK`
    expect((await worklane(root, 'run', 'tasks.yaml', '--command', agent)).code).toBe(0)
    const said = [1, 2, 3].map((id) => repository.git('show', `main:said-${id}`))
    expect(said[0]).toBe('hello')
    expect(said[1]).toMatch(/^Worklane: this task may not reach 127\.0\.0\.1:\d+\./)
    expect((await worklane(root, 'task', 'show', '1')).out).toMatch(/^Network {3}on \(by the settings\)$/m)
    expect((await worklane(root, 'task', 'show', '2')).out).toMatch(
      /^Network {3}only example\.com \(its own\)$/m,
    )
    expect(said[2]).toBe('ECONNREFUSED')
    expect(asked).toBe(1)
    const events = (await worklane(root, 'events', '--json')).out
    expect(events.match(/"lane\.network_refused"/g)).toHaveLength(1)
    repository.write('again.json', '[{"subject":"Again","network":"example.com","attempts":2}]')
    await worklane(root, 'run', 'again.json', '--command', `node ask.cjs ${port}; exit 3`)
    const { notes } = await data(root, 'task', 'show', '4')
    const line = `The network policy did not let it reach: 127.0.0.1:${port}`
    expect(notes.map(({ text }: { text: string }) => text.includes(line))).toEqual([true, true])
    const of4 = (await worklane(root, 'events', '--json')).out
    expect(of4.match(/"lane\.network_refused"/g)).toHaveLength(2)
    expect(await data(root, 'task', 'show', '3')).toMatchObject({ network: { mode: 'off' } })
  } finally {
    server.close()
  }
})
