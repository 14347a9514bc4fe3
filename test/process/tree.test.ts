import { once } from 'node:events'
import { expect, test } from 'vitest'
import { identityOf, isAlive, type ProcessIdentity } from '../../src/host/process/identity.ts'
import { findTree, stopTree } from '../../src/host/process/tree.ts'
import { type ProcessTest, processTest } from '../fixtures/processes.ts'

const GRACE = 10_000

/** Starts the command and waits for the programs that report under these names. */
async function grow(place: ProcessTest, command: string, ...names: string[]): Promise<ProcessIdentity[]> {
  place.start(command)
  return await Promise.all(
    names.map(async (name) => {
      const identity = identityOf(await place.pid(name))
      if (identity === null) throw new Error(`${name} has ended.`)
      return identity
    }),
  )
}

test.each([
  ['a child', '"$P/linger.sh" child & wait'],
  ['a child in a session of its own', 'setsid "$P/linger.sh" child & wait'],
  ['a daemon', '"$P/double-fork.sh" child; exec sleep 600'],
  ['a daemon whose starter has ended', '"$P/double-fork.sh" child'],
  ['a child that hangups do not reach', 'nohup "$P/linger.sh" child >/dev/null 2>&1 &'],
  ['a child without the token', 'env -i "$P/linger.sh" child & wait'],
  ['a child without the token in a session of its own', 'env -i setsid "$P/linger.sh" child & wait'],
  ['an orphan without the token, next to one with it', 'env -i "$P/linger.sh" child & sleep 600 &'],
])('%s ends when asked to', async (_, command) => {
  await using place = processTest()
  const [child] = await grow(place, command, 'child')
  expect(findTree(place.token)).toContain(child?.pid)
  expect(await stopTree(place.token, { grace: GRACE })).toMatchObject({ killed: 0 })
  expect(child !== undefined && isAlive(child)).toBe(false)
  expect(findTree(place.token)).toEqual([])
})

test('who ignores the request is killed after the grace, who does not is not', async () => {
  await using place = processTest()
  const [, stubborn] = await grow(place, '"$P/linger.sh" soft & exec "$P/stubborn.sh" hard', 'soft', 'hard')
  const { found, killed } = await stopTree(place.token, { grace: 50 })
  expect(stubborn !== undefined && isAlive(stubborn)).toBe(false)
  // The stubborn shell and its sleep, which inherited that SIGTERM is ignored.
  expect({ found, killed }).toEqual({ found: 3, killed: 2 })
})

test('an orphan without the token is killed though the sibling it was known by ended first', async () => {
  await using place = processTest()
  const command = 'env -i P="$P" "$P/stubborn.sh" hard & "$P/linger.sh" soft &'
  const [hard] = await grow(place, command, 'hard', 'soft')
  expect((await stopTree(place.token, { grace: 50 })).killed).toBeGreaterThan(0)
  expect(hard !== undefined && isAlive(hard)).toBe(false)
})

test('who drops the token when asked to end is still killed', async () => {
  await using place = processTest()
  await grow(place, 'setsid "$P/disguise.sh" soft hard & exit 0', 'soft')
  const hurry = new AbortController()
  const stopped = stopTree(place.token, { grace: 3_600_000, hurry: hurry.signal })
  const disguised = identityOf(await place.pid('hard'))
  hurry.abort()
  expect((await stopped).killed).toBeGreaterThan(0)
  expect(disguised !== null && isAlive(disguised)).toBe(false)
})

test('who replaces itself all the time is found nevertheless', async () => {
  await using place = processTest()
  const [child] = await grow(place, 'setsid "$P/again.sh" child & exit 0', 'child')
  expect(await stopTree(place.token, { grace: GRACE })).toEqual({ found: 1, killed: 0 })
  expect(child !== undefined && isAlive(child)).toBe(false)
})

test('a hurry cuts the grace short', async () => {
  await using place = processTest()
  await grow(place, 'exec "$P/stubborn.sh" hard', 'hard')
  const hurry = new AbortController()
  const stopped = stopTree(place.token, { grace: 3_600_000, hurry: hurry.signal })
  hurry.abort()
  expect((await stopped).killed).toBeGreaterThan(0)
})

test('a suspended process ends when asked to', async () => {
  await using place = processTest()
  const [child] = await grow(place, 'exec "$P/linger.sh" child', 'child')
  process.kill(child?.pid ?? 0, 'SIGSTOP')
  expect(await stopTree(place.token, { grace: GRACE })).toEqual({ found: 1, killed: 0 })
})

test.each([
  ['in peace', GRACE],
  ['at once', 0],
])('a tree that grows when asked to end ends too, %s', async (_, grace) => {
  await using place = processTest()
  await grow(place, `exec "${process.execPath}" "$P/forker.mjs" 2 ready`, 'ready')
  const { found } = await stopTree(place.token, { grace })
  expect(found).toBeGreaterThan(0)
  expect(findTree(place.token)).toEqual([])
})

test('nothing to stop', async () => {
  await using place = processTest()
  expect(findTree(place.token)).toEqual([])
  expect(await stopTree(place.token, { grace: GRACE })).toEqual({ found: 0, killed: 0 })
})

test('a token that only begins alike is somebody else', async () => {
  await using place = processTest()
  await using other = processTest()
  const [child] = await grow(place, 'WORKLANE_RUN="$WORKLANE_RUN"1 exec "$P/linger.sh" child', 'child')
  const [second] = await grow(other, `X=1WORKLANE_RUN=${place.token} exec "$P/linger.sh" child`, 'child')
  expect(findTree(place.token)).toEqual([])
  expect(child !== undefined && isAlive(child)).toBe(true)
  expect(second !== undefined && isAlive(second)).toBe(true)
  await stopTree(`${place.token}1`, { grace: GRACE })
})

test('the leader is found by identity, and not one of another start time or boot', async () => {
  await using place = processTest()
  const [child] = await grow(place, 'exec env -i "$P/linger.sh" child', 'child')
  if (child === undefined) throw new Error('no child')
  expect(findTree(place.token)).toEqual([])
  expect(findTree(place.token, { ...child, start: '1' })).toEqual([])
  expect(findTree(place.token, { ...child, boot: 'before' })).toEqual([])
  expect(findTree(place.token, child)).toEqual([child.pid])
  expect(await stopTree(place.token, { leader: child, grace: GRACE })).toEqual({ found: 1, killed: 0 })
})

test('orphans without the token in the session of a leader that is known to be gone', async () => {
  await using place = processTest()
  const leader = place.start('env -i "$P/linger.sh" child & exit 0')
  const ended = once(leader, 'exit')
  const child = identityOf(await place.pid('child'))
  await ended
  expect(findTree(place.token)).toEqual([])
  const sessions = new Set([leader.pid ?? 0])
  expect(await stopTree(place.token, { sessions, grace: GRACE })).toEqual({ found: 1, killed: 0 })
  expect(child !== null && isAlive(child)).toBe(false)
})
