import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { identityOf, isAlive, ownIdentity } from '../../src/host/process/identity.ts'
import { parsePsTable } from '../../src/host/process/ps.ts'
import { parseStat } from '../../src/host/process/stat.ts'
import { processTest } from '../fixtures/processes.ts'

test('we are alive, and always the same', () => {
  expect(ownIdentity()).toEqual(identityOf(process.pid))
  expect(ownIdentity()).toBe(ownIdentity())
  expect(isAlive(ownIdentity())).toBe(true)
})

test('another start time or another boot is another process', () => {
  expect(isAlive({ ...ownIdentity(), start: '1' })).toBe(false)
  expect(isAlive({ ...ownIdentity(), boot: 'before' })).toBe(false)
})

test('a process that ended is dead, and nobody has its number', async () => {
  await using place = processTest()
  const child = place.start('exec sleep 600')
  const identity = identityOf(child.pid ?? 0)
  expect(identity !== null && isAlive(identity)).toBe(true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(identity !== null && isAlive(identity)).toBe(false)
  expect(identityOf(child.pid ?? 0)).toBeNull()
})

test('a zombie is dead but has an identity', async () => {
  await using place = processTest()
  const parent = place.start('"$P/linger.sh" child & wait')
  const pid = await place.pid('child')
  // A suspended parent does not ask for its child's exit code.
  parent.kill('SIGSTOP')
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => {
    const identity = identityOf(pid)
    if (identity === null) throw new Error('It is gone altogether.')
    expect(isAlive(identity)).toBe(false)
  })
})

test('a program may call itself anything', () => {
  const numbers = Array.from({ length: 49 }, (_, index) => index + 4)
  const stat = parseStat(`77 (a) R 1 (\n) S ${numbers.join(' ')}\n`)
  expect(stat).toEqual({ pid: 77, parent: 4, session: 6, start: '22', ended: false, kernel: false })
})

test('a main thread that ended before the others is no zombie', () => {
  const fields = (state: string, threads: number): string =>
    `7 (x) ${state} 1 7 7 ${'0 '.repeat(13)}${threads} 0 500 0`
  expect(parseStat(fields('Z', 1)).ended).toBe(true)
  expect(parseStat(fields('Z', 2)).ended).toBe(false)
  expect(parseStat(fields('S', 1))).toMatchObject({ ended: false, start: '500', session: 7 })
})

test('the process table of macOS', () => {
  const text = [
    '    1     0     1 Sat Nov  8 10:00:00 2025 Ss   /sbin/launchd',
    '  501     1   501 Sat Nov 22 13:23:01 2025 S+   /bin/sh -c x HOME=/u WORKLANE_RUN=abc PATH=/bin',
    '  502   501   501 Sat Nov 22 13:23:01 2025 S    sleep 600 WORKLANE_RUN=abcd',
    '  503   501   501 Sat Nov 22 13:23:01 2025 Z    (sleep)',
  ].join('\n')
  const start = 'Sat Nov 22 13:23:01 2025'
  expect(parsePsTable(text, 'abc')).toEqual([
    { pid: 1, parent: 0, session: 1, start: 'Sat Nov 8 10:00:00 2025', tagged: false },
    { pid: 501, parent: 1, session: 501, start, tagged: true },
    { pid: 502, parent: 501, session: 501, start, tagged: false },
  ])
})
