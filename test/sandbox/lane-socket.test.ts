import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { data, worklane } from '../fixtures/cli.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'

const CALLER = new URL('../fixtures/programs/lane-caller.mjs', import.meta.url)

/** What test/fixtures/programs/lane-caller.mjs writes down. */
interface Heard {
  readonly [name: string]: { readonly status: number; readonly text: string }
}
type Rest = Record<'closed' | 'burst', Record<string, number>> &
  Record<'malformed', number[]> &
  Record<'raw', string[]> &
  Record<'cli' | 'cliClosed', Record<string, [code: number, said: string]>>

let repository: TestRepository
let heard: Heard & Rest
beforeAll(async () => {
  repository = makeRepository({ 'caller.mjs': readFileSync(CALLER, 'utf8') })
  const { root } = repository
  await data(root, 'task', 'add', 'Ask for everything')
  await data(root, 'task', 'add', 'Somebody else')
  await data(root, 'task', 'cancel', '2')
  const command = `"${process.execPath}" caller.mjs; echo the end`
  const { WORKLANE_SANDBOX, PATH } = process.env
  // As people have it: what is on PATH is seen inside, and npm puts the libraries of the checkout there.
  Object.assign(process.env, { WORKLANE_SANDBOX: 'walls', PATH: '/usr/local/bin:/usr/bin:/bin' })
  try {
    const run = await worklane(root, 'run', '--command', command)
    expect([run.code, run.out + run.err]).toEqual([0, expect.stringContaining('Landed 1 of 1')])
  } finally {
    Object.assign(process.env, { WORKLANE_SANDBOX, PATH })
  }
  heard = JSON.parse(readFileSync(join(root, 'heard.json'), 'utf8')) as typeof heard
})
afterAll(() => repository[Symbol.dispose]())

const dataOf = (name: string) => JSON.parse(heard[name]?.text ?? '{}').data

test('an agent sees its own task, and asks with or without its number', () => {
  for (const name of ['own', 'ownPosted']) {
    expect(heard[name]?.status).toBe(200)
    expect(dataOf(name)).toMatchObject({ id: 1, subject: 'Ask for everything', state: 'in_progress' })
  }
  expect(dataOf('heartbeat')).toMatchObject({ id: 1, epoch: 1 })
  expect(dataOf('diff').diff).toContain('+draft')
  expect(dataOf('logs')).toMatchObject({ task: 1, text: expect.any(String) })
})

test('of other tasks it learns how many there are, and nothing else', () => {
  for (const name of ['other', 'otherPosted', 'otherNote']) {
    expect(heard[name]?.status).toBe(403)
    expect(JSON.parse(heard[name]?.text ?? '')).toMatchObject({ ok: false, error: { code: 'not-your-task' } })
  }
  expect(dataOf('status').tasks).toMatchObject({ in_progress: 1, cancelled: 1 })
  expect(heard.status?.text).not.toContain('Somebody else')
})

test('what changes the board or the repository is closed', () => {
  expect(new Set(Object.values(heard.closed))).toEqual(new Set([403]))
  expect(Object.keys(heard.closed)).toHaveLength(8)
})

test('malformed requests and floods harm nobody', () => {
  expect(heard.malformed).toHaveLength(17)
  for (const status of heard.malformed) expect([400, 404, 405, 413]).toContain(status)
  // A connection that is just closed is an answer too.
  for (const line of heard.raw) expect(line).toMatch(/^(HTTP\/1\.1 4\d\d .*|)$/)
  expect(heard.burst).toEqual({ 429: 6 })
})

test('the command line inside asks through the socket', () => {
  const { show, note, other, cancel, logs, wrong } = heard.cli
  expect(show).toEqual([0, expect.stringContaining('#1 Ask for everything')])
  expect(note).toEqual([0, 'Noted for whoever takes task 1 next.\n'])
  expect(other).toEqual([1, expect.stringContaining("This lane is task 1's")])
  expect(cancel).toEqual([1, expect.stringContaining('nobody can ask for task cancel')])
  expect(logs?.[0]).toBe(0)
  expect(wrong?.[0]).toBe(2)
})

test('the command line inside says of every other verb that nobody can ask for it there', () => {
  expect(Object.keys(heard.cliClosed)).toHaveLength(7)
  for (const [words, said] of Object.entries(heard.cliClosed)) {
    const verb = words.replace('help ', '').split(' ')[0]
    expect([words, said]).toEqual([words, [1, expect.stringContaining(`nobody can ask for ${verb}.`)]])
  }
})

test('a note shows in task show, its event names the agent, and the socket is gone after the run', async () => {
  const { root, gitDir } = repository
  const shown = await data(root, 'task', 'show', '1')
  expect(shown.notes).toMatchObject([{ kind: 'agent', text: 'the sea is salty' }])
  const { out } = await worklane(root, 'events', '--json')
  const noted = out.split('\n').filter((line) => line.includes('"task.noted"'))
  expect(noted.map((line) => JSON.parse(line).actor)).toEqual(['agent:task-1'])
  // What a run does behind walls is no foreign change.
  expect(out).not.toContain('"repository.')
  expect(existsSync(join(gitDir, 'worklane/lanes/1/lane.sock'))).toBe(false)
})

test('the next attempt reads the note of the one before; without walls the ledger is at hand', async () => {
  using other = makeRepository({
    'agent.sh':
      'if grep -q salty "$WORKLANE_PROMPT_FILE"; then echo 1 > made; else worklane note "salty"; fi\n',
  })
  const run = await worklane(other.root, 'run', 'one', '--command', 'sh agent.sh')
  expect(run.code, run.err).toBe(0)
  const { notes, runs } = await data(other.root, 'task', 'show', '1')
  expect([runs.length, notes[0]]).toMatchObject([2, { kind: 'agent', text: 'salty' }])
  await data(other.root, 'task', 'note', '1', 'well done')
  expect((await data(other.root, 'task', 'show', '1')).notes.at(-1)).toMatchObject({ kind: 'person' })
  expect((await worklane(other.root, 'note', 'x', '--json')).out).toContain('not-in-a-lane')
})
