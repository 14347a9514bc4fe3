import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { background, contentOf, data, refused, until, WORKLANE, worklane } from '../fixtures/cli.ts'
import { makeRepository } from '../fixtures/repository.ts'
import { openTerminal, personsEnvironment } from '../fixtures/terminal.ts'

/** Its set-up makes a file and changes another one. */
const LEAVES = { 'a.txt': 'one\n', 'worklane.yaml': 'lanes: { setup: "date > stamp; echo two >> a.txt" }\n' }

async function run(root: string, ...words: readonly string[]) {
  const said = await worklane(root, 'run', ...words, '--json')
  return JSON.parse(said.out.trim().split('\n').at(-1) ?? '').data
}

it('what only the set-up left is no change', async () => {
  using repository = makeRepository(LEAVES)
  const { root, git } = repository
  const { landed, unfinished } = await run(root, 'fix the bug', '--command', 'echo "Error: not logged in"')
  expect(landed).toEqual([])
  expect(unfinished).toMatchObject([
    { state: 'failed', reason: expect.stringContaining('without a commit or a changed file') },
  ])
  expect(git('log', '--format=%s', 'main')).toBe('first')
})

it('what the agent leaves lands without it, in a later attempt too; what the agent changed of it is work', async () => {
  using repository = makeRepository(LEAVES)
  const { root, git } = repository
  const once = 'test -e "$TMPDIR/again" || { touch "$TMPDIR/again"; exit 0; }'
  expect((await run(root, 'add ä', '--command', `${once}; mkdir d; echo 1 > d/ä.txt`)).landed).toEqual([1])
  expect(git('show', '--first-parent', '--format=', '-z', '--name-only', 'main')).toBe('d/ä.txt\0')
  const both = 'echo mine > stamp; git add stamp; git commit -qm one; echo 2 > b.txt'
  expect((await run(root, 'change it', '--command', both)).landed).toEqual([2])
  expect(contentOf(root, 'stamp')).toBe('mine\n')
  expect([contentOf(root, 'a.txt'), contentOf(root, 'b.txt')]).toEqual(['one\n', '2\n'])
  expect((await run(root, 'change a', '--command', 'echo three >> a.txt')).landed).toEqual([3])
  expect(contentOf(root, 'a.txt')).toBe('one\ntwo\nthree\n')
  expect(git('status', '--porcelain')).toBe('')
})

it('does not keep a merge of base back', async () => {
  using repository = makeRepository({ ...LEAVES, list: 'none\n' })
  const { root } = repository
  const resolve = 'echo both > list; git add list; git commit -qm both'
  const command = `if git rev-parse -q --verify MERGE_HEAD; then ${resolve}; else echo $WORKLANE_TASK > list; fi`
  await run(root, 'one', 'two', '--command', command, '--no-land')
  expect((await data(root, 'land')).conflicted).toHaveLength(1)
  expect((await run(root, '--command', command)).unfinished).toEqual([])
  expect((await worklane(root, 'events')).out).toContain('"merge":"open","files":["list"]')
  expect([contentOf(root, 'list'), contentOf(root, 'a.txt')]).toEqual(['both\n', 'one\n'])
})

it('is archived and restored, and still nobody’s work; what the agent did in that lane is', async () => {
  using repository = makeRepository(LEAVES)
  const { root } = repository
  await data(root, 'task', 'add', 'one')
  await data(root, 'claim', '1', '--as', 'ann')
  await data(root, 'lane', 'remove', '1')
  const { path } = await data(root, 'lane', 'restore', '1')
  expect(contentOf(path, 'stamp')).toMatch(/20\d\d/)
  expect(contentOf(path, 'a.txt')).toBe('one\ntwo\ntwo\n')
  expect(await refused(root, 'complete', '1', '--epoch', '1')).toEqual(['no-commits', 1])
  writeFileSync(join(path, 'work'), 'work\n')
  await data(root, 'lane', 'remove', '1')
  await data(root, 'lane', 'restore', '1')
  expect(await data(root, 'complete', '1', '--epoch', '1')).toMatchObject({ committed: ['work'] })
})

it('tells of each set-up that failed, and shows in logs what it has printed', async () => {
  using repository = makeRepository({
    'worklane.yaml': 'lanes: { setup: "echo first; echo last; exit 3" }\n',
  })
  const { root } = repository
  const ran = await worklane(root, 'run', 'one', '--command', 'true')
  expect(ran.out.match(/#1 one {2}setting up: echo first; echo last; exit 3$/gm)).toHaveLength(3)
  expect(ran.out.match(/#1 one {2}set-up failed: its output ends with: first \/ last; see/g)).toHaveLength(3)
  expect(ran.out).toMatch(
    /#1 one \(failed\): .* failed in the lane of task 1: its output ends with: first \/ last/,
  )
  const said = await worklane(root, 'logs', '1')
  expect(said).toMatchObject({ code: 0, out: 'first\nlast\n', err: expect.stringContaining('the set-up of') })
  expect(await data(root, 'logs', '1')).toMatchObject({ setUp: true, text: 'first\nlast\n' })
})

const HANGS = { 'worklane.yaml': 'lanes: { setup: sleep 300 }\n' }

it('says while a set-up runs what it is', async () => {
  using repository = makeRepository(HANGS)
  const { root } = repository
  const command = `cd ${root} && ${WORKLANE} run one --command true`
  const env = personsEnvironment()
  using terminal = openTerminal(['bash', '-c', command], { columns: 100, rows: 30, env })
  await terminal.until((lines) => lines.some((line) => /#1 one +claimed +setting up: sleep 300/.test(line)))
  expect((await worklane(root, 'status')).out).toContain('Lanes    1, 1 being made and set up\n')
  terminal.write('\x03')
  expect(await terminal.exited).toBe(130)
})

it.each(['SIGINT', 'worklane stop'])('ends a set-up that hangs at the first %s', async (how) => {
  using repository = makeRepository(HANGS)
  const { root } = repository
  await data(root, 'task', 'add', 'one')
  const engine = background(root, 'up', '--command', 'true')
  await until('the set-up has begun', async () =>
    (await worklane(root, 'events')).out.includes('lane.setup_started'),
  )
  if (how === 'SIGINT') engine.kill('SIGINT')
  else await data(root, 'stop')
  await until('the engine has ended', () => engine.exitCode !== null)
  expect(await data(root, 'task', 'show', '1')).toMatchObject({ state: 'pending', failures: 0 })
  expect((await data(root, 'lane', 'list')).lanes).toEqual([])
})
