import { expect, test } from 'vitest'
import { throughProxy } from '../../src/host/sandbox/forward.ts'
import { ATTEMPTS } from '../fixtures/network/attempts.ts'
import { makeScene, objections } from '../fixtures/network/scene.ts'
import { probeInWalls, runInWalls } from '../fixtures/network/walls.ts'

test('no way around the list of domains', async () => {
  await using scene = await makeScene()
  const wrong: string[] = []
  for (const attempt of ATTEMPTS)
    wrong.push(...objections(attempt, await scene.play(attempt), scene.targets.port))
  expect(wrong).toEqual([])
  expect(await scene.connections()).toBe(0)
  expect(ATTEMPTS.length).toBeGreaterThan(60)
})

test('the attempts are ones: without rules they arrive', async () => {
  await using scene = await makeScene('careless relay')
  const missed: string[] = []
  for (const attempt of ATTEMPTS) if ((await scene.play(attempt)).forbidden === 0) missed.push(attempt.name)
  expect(missed).toEqual(['SOCKS5', 'SOCKS4a', 'TLS'])
})

test('inside of walls an allowed request works, and there is no other way out', async () => {
  await using scene = await makeScene()
  const refusal = expect.stringMatching(
    /^403 Worklane: this task may not reach evil\.org:\d+\. To allow it, add it to the domains of the task \(.*or, .*to sandbox\.network\.domains in worklane\.yaml\.$/,
  )
  expect(await probeInWalls(scene)).toEqual({
    'allowed, as a tunnel': '200 allowed GET / 0',
    'allowed, as a URL': '200 allowed GET / 0',
    'forbidden, as a tunnel': expect.not.stringMatching(/200|connected/),
    'forbidden, as a URL': refusal,
    'the loopback of the machine': 'ECONNREFUSED',
    'the allowed address': 'ECONNREFUSED',
    'the internet': 'ENETUNREACH',
    'the internet over IPv6': expect.stringMatching(/^(ENETUNREACH|EADDRNOTAVAIL|EAFNOSUPPORT)$/),
    'a name': 'EAI_AGAIN',
  })
  expect(scene.refused.map(({ why }) => why)).toEqual(['domain', 'domain'])
  expect(await scene.connections()).toBe(0)
})

test('inside of walls the program gets its own arguments, input and end, and says when there is no way', async () => {
  await using scene = await makeScene()
  const argv = ['/bin/sh', '-c', 'printf "%s|" "$@"; exit 7', 'sh', 'a b', '', '$HOME', "it's"]
  expect(await runInWalls(scene, argv)).toEqual({ exitCode: 7, stdout: "a b||$HOME|it's|", stderr: '' })
  const without = (...to: Parameters<typeof throughProxy>): string[] =>
    throughProxy(...to).map((word) => (word.endsWith('/socat') ? '/bin/false' : word))
  expect(await runInWalls(scene, argv, without)).toEqual({
    exitCode: 125,
    stdout: '',
    stderr: 'worklane: socat could not open the way to the network proxy.',
  })
})
