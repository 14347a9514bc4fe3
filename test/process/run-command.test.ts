import { expect, test } from 'vitest'
import { Fault } from '../../src/host/fault.ts'
import { type CommandOptions, type CommandResult, runCommand } from '../../src/host/process/run-command.ts'
import { findTree } from '../../src/host/process/tree.ts'
import { type ProcessTest, processTest } from '../fixtures/processes.ts'

async function run(
  place: ProcessTest,
  command: string,
  options: Partial<CommandOptions> = {},
): Promise<CommandResult> {
  return await runCommand({
    command,
    cwd: place.directory,
    env: place.env,
    token: place.token,
    outputPath: place.file('output'),
    outputLimit: 100_000,
    timeLimit: null,
    ...options,
  })
}

test('green is exit 0', async () => {
  await using place = processTest()
  expect(await run(place, 'cat; echo fine')).toEqual({
    green: true,
    exitCode: 0,
    signal: null,
    timedOut: false,
    tail: 'fine\n',
  })
})

test('red has an exit code or a signal, and the end of its output as plain text', async () => {
  await using place = processTest()
  const red = await run(place, String.raw`seq 1 5000; printf '\033[31mbroken\033[0m\n' >&2; exit 2`)
  expect(red).toMatchObject({ green: false, exitCode: 2, timedOut: false })
  expect(red.tail).toMatch(/4999\n5000\nbroken\n$/)
  expect(red.tail.length).toBeLessThanOrEqual(4096)
  expect(await run(place, 'kill -SEGV $$')).toMatchObject({ green: false, exitCode: null, signal: 'SIGSEGV' })
  expect(await run(place, 'no-such-program')).toMatchObject({ green: false, exitCode: 127 })
})

test('out of time is not green, whatever it exits with', async () => {
  await using place = processTest()
  const late = await run(place, 'trap "exit 0" TERM; sleep 600 & wait', { timeLimit: 200 })
  expect(late).toMatchObject({ green: false, timedOut: true })
})

test('cancelled gives no verdict and leaves nothing running', async () => {
  await using place = processTest()
  const cancel = new AbortController()
  const result = run(place, 'exec "$P/linger.sh" child', { signal: cancel.signal })
  await place.pid('child')
  cancel.abort()
  await expect(result).rejects.toThrow(Fault)
  expect(findTree(place.token)).toEqual([])
  await expect(run(place, 'touch ran', { signal: cancel.signal })).rejects.toThrow('cancelled')
})
