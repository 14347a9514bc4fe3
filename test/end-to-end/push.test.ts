import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fillBoard } from '../fixtures/board.ts'
import { contentOf, data, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'

const AGENT = 'echo work > "work-$WORKLANE_TASK.txt"; git add -A; git commit -q -m work'

it('pushes base after a landing, and a push that fails undoes nothing and comes with the next landing', async () => {
  using repository = makeRepository({
    'a.txt': 'one\n',
    'worklane.yaml': 'lanes: { refresh: false }\nlanding: { push: hub }\n',
  })
  const { root, git, gitDir } = repository
  const hub = join(root, '../hub.git')
  const there = (): string => plainGit(hub, 'rev-parse', 'main')
  git('init', '-q', '--bare', hub)
  git('remote', 'add', 'hub', hub)
  git('push', '-q', 'hub', 'main')
  writeFileSync(join(gitDir, 'hooks', 'pre-push'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const before = git('rev-parse', 'main')
  await fillBoard(gitDir, ['idle'])
  const idle = await data(root, 'claim', '1', '--as', 'ann')
  await data(root, 'release', '1', '--epoch', String(idle.epoch))

  expect((await worklane(root, 'run', 'two', '--command', AGENT)).code).toBe(0)
  expect(there()).toBe(git('rev-parse', 'main'))
  expect((await data(root, 'status')).push).toMatchObject({ base: 'main', remote: 'hub', reason: null })
  // Nothing follows base where the settings say so.
  expect(plainGit(idle.lane.path, 'rev-parse', 'HEAD')).toBe(before)

  // Somebody else pushes first.
  const clone = join(root, '../clone')
  git('clone', '-q', hub, clone)
  writeFileSync(join(clone, 'theirs.txt'), 'theirs\n')
  plainGit(clone, 'add', '-A')
  plainGit(clone, 'commit', '-q', '-m', 'theirs')
  plainGit(clone, 'push', '-q', 'origin', 'main')
  const theirs = there()
  expect((await worklane(root, 'run', 'three', '--command', AGENT)).code).toBe(0)
  expect(there()).toBe(theirs)
  expect(git('show', 'main:work-3.txt')).toBe('work')
  expect((await data(root, 'status')).push.reason).toContain('rejected')
  expect((await worklane(root, 'status')).out).toMatch(/^Push {5}! main was not pushed to hub: .*rejected/m)

  git('pull', '-q', '--no-rebase', 'hub', 'main')
  expect((await worklane(root, 'run', 'four', '--command', AGENT, '--no-land')).code).toBe(0)
  expect(there()).toBe(theirs)
  const landed = await data(root, 'land')
  expect(landed.push).toEqual({ base: 'main', remote: 'hub', commit: there(), reason: null })
  expect(there()).toBe(git('rev-parse', 'main'))
})

it('leaves a branch per task with --no-land, until somebody lands them', async () => {
  using repository = makeRepository({ 'a.txt': 'one\n' })
  const { root, git } = repository
  const main = git('rev-parse', 'main')
  const said = await worklane(root, 'run', 'one', 'two', '--command', AGENT, '--no-land')
  expect(said.code).toBe(0)
  expect(said.out).toMatch(/^Completed 2 of 2 tasks in \d+s, not landed \(--no-land\)$/m)
  expect(said.out).toContain('Ready: 2 branches')
  for (const id of ['one', 'two'].keys()) {
    const branch = `task/${id + 1}-${['one', 'two'][id]}`
    const push = `git push -u origin ${branch} && gh pr create --base main --head ${branch} --fill`
    expect(said.out).toContain(push)
    expect(git('show', `${branch}:work-${id + 1}.txt`)).toBe('work')
    expect(contentOf(root, `.worktrees/task-${id + 1}`, `work-${id + 1}.txt`)).toBe('work\n')
  }
  expect(git('rev-parse', 'main')).toBe(main)
  const { landed } = await data(root, 'land')
  expect(landed).toHaveLength(2)
  expect(git('ls-tree', '--name-only', 'main').split('\n')).toEqual(['a.txt', 'work-1.txt', 'work-2.txt'])
})
