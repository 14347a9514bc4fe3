import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { background, data, refused, type Said, until, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'

const before = process.env.WORKLANE_SANDBOX
beforeAll(() => {
  process.env.WORKLANE_SANDBOX = 'walls'
})
afterAll(() => {
  process.env.WORKLANE_SANDBOX = before
})

const LANE = '.worktrees/task-1'
const REF = 'refs/worklane/1/shell-1/head'
const WAITS = 'touch here; until [ -e go ]; do sleep 0.05; done; rm -f go here'

/** A shell that is entered beside an agent whose work then lands. It waits for `go`, and then does `work`. */
async function outlived(
  repository: TestRepository,
  work: string,
): Promise<{ lane: string; visit: Promise<Said> }> {
  const { root } = repository
  const agent =
    'touch begun; until [ -e here ]; do sleep 0.05; done; echo a > a.txt; git add a.txt; git commit -qm agent; rm -f here begun'
  const engine = background(root, 'run', 'one', '--command', agent, '--json')
  const lane = join(root, LANE)
  await until('the agent works', () => existsSync(join(lane, 'begun')))
  const visit = worklane(root, 'shell', '1', '--command', `${WAITS}; ${work}`)
  await until('its work has landed', () => engine.exitCode !== null)
  expect(repository.git('log', '-1', '--format=%s', 'main^2')).toBe('agent')
  return { lane, visit }
}

it('a lane is not removed under a person, and what they commit after the landing is kept and told', async () => {
  using repository = makeRepository()
  const { root, git } = repository
  const { lane, visit } = await outlived(repository, 'echo p > p.txt; git add p.txt; git commit -qm person')
  await worklane(root, 'prune')
  expect(existsSync(lane)).toBe(true)
  for (const verb of [['lane', 'list'], ['doctor'], ['prune']])
    expect((await worklane(root, ...verb)).out).toMatch(/shell .*\(process \d+\)/)
  expect(await refused(root, 'lane', 'restore', '1')).toEqual(['lane-in-use', 1])
  writeFileSync(join(lane, 'go'), '')
  const said = await visit
  expect([said.code, said.out]).toEqual([0, expect.stringContaining(`landed without what you did here`)])
  expect(said.out).toContain(`git merge ${REF}`)
  expect(existsSync(lane)).toBe(false)
  expect(git('log', '-1', '--format=%s', REF)).toBe('person')
  const { archives } = await data(root, 'archive', 'list')
  expect(archives).toMatchObject([{ landed: false, unlanded: 'it holds commits that main has not' }])
  git('merge', '-q', '-m', 'theirs', REF)
  expect((await data(root, 'archive', 'list')).archives).toMatchObject([{ landed: true }])
  await worklane(root, 'archive', 'purge', '1')
  expect(git('for-each-ref', 'refs/worklane/1')).toBe('')
})

it('what they leave uncommitted there is not taken for landed, and what only the agent did is', async () => {
  using repository = makeRepository()
  const { root } = repository
  const { lane, visit } = await outlived(repository, 'echo p > p.txt')
  writeFileSync(join(lane, 'go'), '')
  expect((await visit).out).toContain('What is not committed (1 path) is archived with the lane')
  const { archives } = await data(root, 'archive', 'list')
  const unlanded = 'it holds what was changed in the lane after its work was handed in'
  expect(archives).toMatchObject([{ task: 1, landed: false, unlanded }])
  await worklane(root, 'run', 'two', '--command', 'echo b > b.txt; git add .; git commit -qm b')
  expect((await data(root, 'archive', 'list')).archives).toMatchObject([{ landed: false }, { landed: true }])
})

it('a killed shell keeps no lane for ever, and what was committed in it is kept', async () => {
  using repository = makeRepository()
  const { root, git } = repository
  await data(root, 'task', 'add', 'one')
  const { lane } = await data(root, 'claim', '1', '--as', 'ann')
  writeFileSync(join(lane.path, 'a.txt'), 'a\n')
  plainGit(lane.path, 'add', 'a.txt')
  plainGit(lane.path, 'commit', '-qm', 'ann')
  await data(root, 'complete', '1', '--epoch', '1')
  const command = 'git commit -q --allow-empty -m person; touch done; sleep 1000'
  const shell = background(root, 'shell', '1', '--command', command)
  await until('they have committed', () => existsSync(join(lane.path, 'done')))
  rmSync(join(lane.path, 'done'))
  await data(root, 'land')
  expect(existsSync(lane.path)).toBe(true)
  shell.kill('SIGKILL')
  await until('it is gone', () => shell.signalCode !== null)
  expect((await data(root, 'prune')).shells).toEqual([])
  expect(existsSync(lane.path)).toBe(false)
  expect(git('log', '-1', '--format=%s', REF)).toBe('person')
  expect((await data(root, 'archive', 'list')).archives).toMatchObject([{ landed: false }])
})

it('after a crash of the engine nobody is said to be at work', async () => {
  using repository = makeRepository()
  const { root } = repository
  const engine = background(root, 'run', 'one', '--command', 'touch begun; sleep 1000', '--json')
  await until('the agent works', () => existsSync(join(root, LANE, 'begun')))
  expect((await worklane(root, 'lane', 'list')).out).toContain('agent at work')
  engine.kill('SIGKILL')
  await until('the agent is gone, too', async () => (await data(root, 'lane', 'list')).lanes[0].interrupted)
  expect((await worklane(root, 'lane', 'list')).out).toContain('its run was interrupted; worklane up goes on')
  expect((await worklane(root, 'lane', 'show', '1')).out).not.toContain('at work')
})
