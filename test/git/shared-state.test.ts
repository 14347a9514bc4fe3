import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sharedChange } from '../../src/board/shared-state.ts'
import { glanceAtShared, readShared } from '../../src/host/git/shared-state.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'

const OURS = new Set(['refs/heads/main', 'refs/heads/task/1-x'])

/** What a look finds after `deed`, and whether the glance called for one. */
async function after(repository: TestRepository, deed: () => void) {
  const { gitDir } = repository
  const [glance, before] = [glanceAtShared(gitDir), await readShared(gitDir)]
  deed()
  const change = sharedChange(before, await readShared(gitDir), OURS)
  const told = Object.entries(change).flatMap(([name, what]) => (what === null ? [] : [name]))
  return { glanced: glanceAtShared(gitDir) !== glance, told, change }
}

type Deed = (repository: TestRepository) => void
const DEEDS: readonly (readonly [name: string, told: string, deed: Deed])[] = [
  ['core.hooksPath is set', 'config', ({ git }) => git('config', 'core.hooksPath', '/tmp/x')],
  ['core.bare is set', 'config', ({ git }) => git('config', 'core.bare', 'true')],
  [
    'a setting in config.worktree',
    'config',
    ({ gitDir }) => writeFileSync(join(gitDir, 'config.worktree'), '[core]\n\tsshCommand = x\n'),
  ],
  ['a hook is added', 'hooks', ({ gitDir }) => writeFileSync(join(gitDir, 'hooks/pre-commit'), 'x')],
  ['a hook is written in place', 'hooks', ({ gitDir }) => writeFileSync(join(gitDir, 'hooks/pre-push'), 'y')],
  ['a hook is made to run', 'hooks', ({ gitDir }) => chmodSync(join(gitDir, 'hooks/pre-push'), 0o755)],
  [
    'objects are borrowed',
    'alternates',
    ({ gitDir }) => writeFileSync(join(gitDir, 'objects/info/alternates'), '/elsewhere\n'),
  ],
  ['attributes', 'attributes', ({ gitDir }) => writeFileSync(join(gitDir, 'info/attributes'), '* -text\n')],
  ['a branch appears', 'refs', ({ git }) => git('branch', 'x')],
  ['a branch in a directory moves', 'refs', ({ git }) => git('update-ref', 'refs/heads/her/own', 'HEAD~1')],
  ['a packed tag goes', 'refs', ({ git }) => git('tag', '-d', 'v1')],
]

test.each(DEEDS)('%s: %s', async (_, told, deed) => {
  using repository = makeRepository()
  const { git, gitDir } = repository
  repository.commit('second')
  git('branch', 'her/own')
  git('tag', 'v1')
  git('pack-refs', '--all')
  git('update-ref', 'refs/heads/her/own', 'HEAD', '-m', 'loose')
  mkdirSync(join(gitDir, 'hooks'), { recursive: true })
  mkdirSync(join(gitDir, 'info'), { recursive: true })
  writeFileSync(join(gitDir, 'hooks/pre-push'), 'x', { mode: 0o644 })
  const seen = await after(repository, () => deed(repository))
  expect([seen.glanced, seen.told]).toEqual([true, [told]])
})

test('ordinary work of ours, and a fetch, tell nothing', async () => {
  using repository = makeRepository()
  const { git } = repository
  git('branch', 'task/1-x')
  const seen = await after(repository, () => {
    repository.commit('on main')
    git('branch', '-f', 'task/1-x', 'main')
    git('update-ref', 'refs/remotes/origin/main', 'HEAD')
    git('update-ref', 'refs/worklane/1/1/head', 'HEAD')
    git('branch', '--quiet', '--set-upstream-to=task/1-x', 'main')
    git('pack-refs', '--all')
  })
  expect([seen.glanced, seen.told]).toEqual([true, []])
  const fetched = await after(repository, () => git('update-ref', 'refs/remotes/origin/new', 'HEAD'))
  expect([fetched.glanced, fetched.told]).toEqual([false, []])
})

test('no value is kept that could be a secret', async () => {
  using repository = makeRepository()
  repository.git('config', 'http.extraHeader', 'Authorization: Bearer s3cret')
  repository.git('config', 'url.https://ann:s3cret@host/.insteadOf', 'https://host/')
  const state = await readShared(repository.gitDir)
  expect(JSON.stringify(state)).not.toContain('s3cret')
  expect(Object.keys(state.config)).toContain('http.extraheader')
  expect(state.values).toEqual({ 'core.bare': 'false' })
  // Read without git: the same keys, by whatever way they are written.
  repository.git('config', 'alias.x', '!echo "a;b" # c')
  writeFileSync(
    join(repository.gitDir, 'config.worktree'),
    '[Diff "P D.f"] textConv = a \\\n b\n[x]\n\tflag\n',
  )
  const { config, lines = {} } = await readShared(repository.gitDir)
  expect(Object.keys(lines)).toEqual(Object.keys(config))
})
