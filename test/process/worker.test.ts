import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Fault } from '../../src/host/fault.ts'
import { identityOf, isAlive } from '../../src/host/process/identity.ts'
import { findTree } from '../../src/host/process/tree.ts'
import { startWorker, type Worker, type WorkerOptions } from '../../src/host/process/worker.ts'
import { type ProcessTest, processTest } from '../fixtures/processes.ts'

const MB = 1_000_000

async function work(
  place: ProcessTest,
  command: string,
  options: Partial<WorkerOptions> = {},
): Promise<Worker> {
  return await startWorker({
    command,
    cwd: place.directory,
    env: place.env,
    token: place.token,
    prompt: '',
    outputPath: place.file('output'),
    outputLimit: MB,
    timeLimit: null,
    grace: 10_000,
    ...options,
  })
}

const outputOf = (place: ProcessTest): string => readFileSync(place.file('output'), 'utf8')
const CALM = { signal: null, timedOut: false, stopRequested: false, outputFailure: null }

test('reads its prompt to the end, writes, and exits', async () => {
  await using place = processTest()
  const prompt = `${'Do it. äöü\n'.repeat(50_000)}`
  const worker = await work(place, 'cat; exit 7', { prompt })
  expect(await worker.exited).toEqual({ ...CALM, exitCode: 7, outputBytes: Buffer.byteLength(prompt) })
  expect(outputOf(place)).toBe(prompt)
  expect(readdirSync(place.directory)).toEqual(['output'])
})

test('a program that never reads a large prompt is no error', async () => {
  await using place = processTest()
  const worker = await work(place, 'echo done', { prompt: 'x'.repeat(5 * MB) })
  expect(await worker.exited).toMatchObject({ exitCode: 0, outputBytes: 5 })
})

test('stdout and stderr keep the order in which they were written', async () => {
  await using place = processTest()
  const worker = await work(
    place,
    'i=0; while [ $i -lt 600 ]; do echo $i; i=$((i+1)); echo $i >&2; i=$((i+1)); done',
  )
  await worker.exited
  expect(outputOf(place).trim().split('\n').map(Number)).toEqual(Array.from({ length: 600 }, (_, i) => i))
})

test('its standard streams can be opened by name', async () => {
  await using place = processTest()
  const command = 'cat /dev/stdin | tee /dev/stderr >/dev/null; echo b > /dev/stdout'
  const worker = await work(place, command, { prompt: 'a\n' })
  expect(await worker.exited).toMatchObject({ exitCode: 0 })
  expect(outputOf(place)).toBe('a\nb\n')
})

test('sees its own environment, its directory, and nothing of ours', async () => {
  await using place = processTest()
  const worker = await work(place, 'pwd; env', { env: { ...place.env, A: 'b', WORKLANE_RUN: 'other' } })
  await worker.exited
  const [cwd, ...lines] = outputOf(place).trim().split('\n')
  expect(cwd).toBe(place.directory)
  const own = lines.filter((line) => !/^(PWD|OLDPWD|SHLVL|_|__CF_USER_TEXT_ENCODING)=/.test(line)).sort()
  expect(own).toEqual(['A=b', `P=${place.env.P}`, `PATH=${place.env.PATH}`, `WORKLANE_RUN=${place.token}`])
})

test('200 MB of output stay under the limit, with both ends kept', async () => {
  await using place = processTest()
  const command = `echo first; head -c ${200 * MB} /dev/zero | tr '\\0' x; echo; echo last`
  const worker = await work(place, command, { outputLimit: 300_000 })
  expect(await worker.exited).toMatchObject({ exitCode: 0, outputBytes: 200 * MB + 12 })
  expect(statSync(place.file('output')).size).toBeLessThanOrEqual(300_000)
  expect(outputOf(place)).toMatch(/^first\nx+\n\[worklane: 200 MB left out here\]\nx+\nlast\n$/)
})

test('tells the last line as it changes', async () => {
  await using place = processTest()
  const told: string[] = []
  const worker = await work(place, 'echo one; echo; read x; echo two', {
    prompt: 'x\n',
    onOutput: (line) => told.push(line),
  })
  await worker.exited
  expect(told.at(-1)).toBe('two')
  expect(new Set(told).size).toBe(told.length)
})

test.each([
  ['that holds the output', '"$P/linger.sh" child &'],
  ['in a session of its own that holds the output', 'setsid "$P/linger.sh" child &'],
  ['that hangups do not reach', 'nohup "$P/linger.sh" child &'],
  ['without the token', 'env -i "$P/linger.sh" child &'],
  ['that became a daemon', '"$P/double-fork.sh" child;'],
])('when the leader exits, a background child %s is stopped', async (_, start) => {
  await using place = processTest()
  const worker = await work(place, `${start} until [ -e child ]; do sleep 0.01; done; echo said; exit 3`)
  const child = identityOf(await place.pid('child'))
  expect(await worker.exited).toMatchObject({ ...CALM, exitCode: 3 })
  expect(outputOf(place)).toMatch(/said\n$/)
  expect(child !== null && isAlive(child)).toBe(false)
  expect(findTree(place.token)).toEqual([])
})

test('the time limit stops the whole tree, also who ignores the request', async () => {
  await using place = processTest()
  const worker = await work(place, 'setsid "$P/stubborn.sh" hard & echo begun; exec sleep 600', {
    timeLimit: 300,
    grace: 50,
  })
  const exit = await worker.exited
  expect(exit).toMatchObject({ exitCode: null, timedOut: true, stopRequested: false, outputBytes: 6 })
  expect(exit.signal).toMatch(/^SIG(TERM|KILL)$/)
  expect(existsSync(place.file('hard'))).toBe(true)
  expect(findTree(place.token)).toEqual([])
})

test('a time limit beyond what a timer can take is none', async () => {
  await using place = processTest()
  const worker = await work(place, 'exit 0', { timeLimit: 2 ** 40 })
  expect(await worker.exited).toMatchObject({ exitCode: 0, timedOut: false })
})

test('stops when asked to, with time to say goodbye', async () => {
  await using place = processTest()
  const command = 'trap "echo bye; exit 4" TERM; echo $$ > ready; while :; do sleep 600 & wait $!; done'
  const worker = await work(place, command)
  expect(isAlive(worker.identity)).toBe(true)
  expect(await place.pid('ready')).toBe(worker.identity.pid)
  worker.stop()
  worker.stop()
  expect(await worker.exited).toMatchObject({ exitCode: 4, timedOut: false, stopRequested: true })
  expect(outputOf(place)).toMatch(/bye\n$/)
  expect(isAlive(worker.identity)).toBe(false)
})

test('stops at once when told to hurry', async () => {
  await using place = processTest()
  const worker = await work(place, 'exec "$P/stubborn.sh" hard', { grace: 3_600_000 })
  await place.pid('hard')
  worker.stop()
  worker.stop(true)
  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', stopRequested: true })
})

test('a stop after the end changes nothing', async () => {
  await using place = processTest()
  const worker = await work(place, 'exit 0')
  const exit = await worker.exited
  worker.stop()
  expect(exit).toEqual({ ...CALM, exitCode: 0, outputBytes: 0 })
})

test('a command that cannot start is a fault and leaves nothing open', async () => {
  await using place = processTest()
  const open = readdirSync('/dev/fd').length
  await expect(work(place, 'true', { cwd: place.file('missing') })).rejects.toThrow(Fault)
  await expect(work(place, 'true', { outputPath: place.file('missing/output') })).rejects.toThrow(Fault)
  await expect(work(place, `: ${'x'.repeat(3 * MB)}`)).rejects.toThrow(/could not be started/)
  expect(readdirSync(place.directory)).toEqual(['output'])
  expect(readdirSync('/dev/fd').length).toBeLessThanOrEqual(open)
})

test('many at once do not disturb each other', async () => {
  await using place = processTest()
  const each = async (n: number): Promise<number | null> => {
    const token = `${place.token}-${n}`
    const worker = await work(place, `sleep 600 & exit ${n}`, { token, outputPath: place.file(`out-${n}`) })
    return (await worker.exited).exitCode
  }
  const numbers = Array.from({ length: 12 }, (_, n) => n)
  expect(await Promise.all(numbers.map(each))).toEqual(numbers)
})
