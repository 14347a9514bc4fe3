import { mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { data, worklane } from '../fixtures/cli.ts'
import { makeRepository, temporaryDirectory } from '../fixtures/repository.ts'

process.env.WORKLANE_SANDBOX = 'walls'

const times = (text: string, word: string): number => text.split(word).length - 1

test('run says once which submodules lanes lack', async () => {
  using repository = makeRepository({ '.gitmodules': '[submodule "lib"]\n\tpath = lib\n\turl = ./lib\n' })
  repository.git('update-index', '--add', '--cacheinfo', `160000,${repository.git('rev-parse', 'HEAD')},lib`)
  repository.git('commit', '-qm', 'lib')
  const said = await worklane(repository.root, 'run', 'one', 'two', '--command', 'echo x > x')
  expect(times(said.out, 'Not checked out in this lane'), said.out).toBe(1)
})

test('hooks that no lane reaches are told of once, with the way out', async () => {
  using repository = makeRepository()
  const { root } = repository
  const hooks = join(temporaryDirectory(), 'hooks')
  mkdirSync(hooks)
  // As people write it, where HOME is what it is.
  repository.git('config', 'core.hooksPath', `~/${relative(homedir(), hooks)}`)
  await data(root, 'task', 'add', 'zero')
  expect((await data(root, 'claim', '1', '--as', 'ann')).lane.warnings).toEqual([])
  writeFileSync(join(hooks, 'pre-commit'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const sentence = `core.hooksPath leads out of the checkout, to ${hooks}. Put them into the repository, or`
  const run = await worklane(root, 'run', 'one', 'two', '--command', 'git commit -q --allow-empty -m work')
  expect([run.code, times(run.out, sentence)]).toEqual([0, 1])
  expect((await worklane(root, 'doctor')).out).toContain(sentence)
})
