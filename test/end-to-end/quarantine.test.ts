import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { background, data, until, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'

process.env.WORKLANE_SANDBOX = 'walls'

it('a lane in which two worked at once costs no attempt and waits for a person, who is told of it', async () => {
  using repository = makeRepository()
  const { root } = repository
  const lane = join(root, '.worktrees/task-1')
  const agent = 'echo 1 > one; until [ -e go ]; do sleep 0.05; done'
  const engine = background(root, 'run', 'one', '--command', agent)
  await until('the agent works', () => existsSync(join(lane, 'one')))
  plainGit(lane, 'commit', '-q', '--allow-empty', '-m', 'from outside')
  await data(root, 'stop', '1')
  await until('it has ended', () => engine.exitCode !== null)

  const said = await worklane(root, 'run', '--command', agent)
  expect(said.out).toContain('#1 one (pending): two worked in its lane at once')
  expect((await data(root, 'task', 'show', '1')).failures).toBe(0)
  expect((await worklane(root, 'task', 'list')).out).toContain('waits for a person')
  expect((await worklane(root, 'status')).out).toContain('1 waiting for a person')
  const { findings } = await data(root, 'doctor')
  expect(findings.map(({ code }: { code: string }) => code)).toContain('lane-diverged')
  const shown = (await worklane(root, 'lane', 'show', '1')).out
  expect(shown).toContain(`Two worked in the lane of task 1 at once (${lane}), and it waits for a person.`)
  expect(shown).toContain('worklane lane resolve 1')

  await data(root, 'lane', 'resolve', '1')
  writeFileSync(join(lane, 'go'), '')
  expect((await data(root, 'run', '--command', agent)).landed).toEqual([1])
})
