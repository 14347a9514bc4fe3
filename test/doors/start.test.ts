import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, globSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { WORKLANE } from '../fixtures/product.ts'
import { makeRepository, temporaryDirectory } from '../fixtures/repository.ts'

/** One `worklane status`, and the code cache that it left. */
function place() {
  const repository = makeRepository()
  const home = temporaryDirectory()
  const status = (caches = home): unknown => {
    const env = { ...process.env, XDG_CACHE_HOME: caches }
    const said = execFileSync(WORKLANE, ['status', '--json'], { cwd: repository.root, env, encoding: 'utf8' })
    return JSON.parse(said).data.tasks.pending
  }
  expect(status()).toBe(0)
  const [cache = ''] = globSync(join(home, 'worklane/*/status'))
  return { status, cache, [Symbol.dispose]: () => repository[Symbol.dispose]() }
}

test('a start leaves a code cache that only its owner can write, and the next one uses it as it is', () => {
  using at = place()
  const bytes = readFileSync(at.cache)
  expect(at.status()).toBe(0)
  expect(readFileSync(at.cache).equals(bytes)).toBe(true)
  chmodSync(at.cache, 0o666)
  expect(at.status()).toBe(0)
})

test.each([
  ['cut off', (cache: string) => truncateSync(cache, 500_000)],
  ['empty', (cache: string) => truncateSync(cache, 0)],
  ['full of zeros', (cache: string) => writeFileSync(cache, readFileSync(cache).fill(0, 80_000, 400_000))],
])('a code cache that is %s is made again', (_, damage) => {
  using at = place()
  damage(at.cache)
  const damaged = readFileSync(at.cache)
  expect(at.status()).toBe(0)
  expect(readFileSync(at.cache).equals(damaged)).toBe(false)
})

test('without a place for caches it works all the same', () => {
  using at = place()
  expect(at.status('/proc/none')).toBe(0)
  expect(existsSync('/proc/none')).toBe(false)
})
