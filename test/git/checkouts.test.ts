import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkoutsOf } from '../../src/host/git/checkouts.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'

function beside(repository: TestRepository, name: string): string {
  return join(repository.root, '..', name)
}

function fails(run: () => unknown): void {
  expect(run).toThrow()
}

test('the main worktree, linked ones, and only those that have the branch', async () => {
  using repository = makeRepository()
  const place = { commonDir: repository.gitDir }
  repository.git('worktree', 'add', '-q', '-b', 'other', beside(repository, 'other'))
  const main = { path: repository.root, gitDir: repository.gitDir, attached: true, operation: null }
  expect(await checkoutsOf(place, 'main')).toEqual({ here: [main], missing: [] })
  expect(await checkoutsOf(place, 'nobody')).toEqual({ here: [], missing: [] })
  repository.git('worktree', 'add', '-q', '-f', beside(repository, 'zwei ü'), 'main')
  const { here } = await checkoutsOf(place, 'main')
  expect(here.map(({ path }) => path)).toEqual([repository.root, beside(repository, 'zwei ü')])
  expect(here[1]?.gitDir).toBe(join(repository.gitDir, 'worktrees', 'zwei-ü'))
})

test('a branch that is being rebased counts, though HEAD has left it', async () => {
  using repository = makeRepository({ a: '1\n' })
  const place = { commonDir: repository.gitDir }
  repository.git('checkout', '-q', '-b', 'other')
  repository.commit('other', { a: 'other\n' })
  repository.git('checkout', '-q', 'main')
  repository.git('branch', 'stacked')
  repository.commit('main', { a: 'main\n' })
  for (const backend of ['--merge', '--apply']) {
    fails(() => repository.git('rebase', backend, 'other'))
    const { here } = await checkoutsOf(place, 'main')
    expect(here).toMatchObject([{ path: repository.root, attached: false, operation: 'rebase' }])
    repository.git('rebase', '--abort')
  }
  repository.git('checkout', '-q', '-b', 'top')
  repository.commit('top', { b: 'top\n' })
  fails(() => repository.git('rebase', '--update-refs', 'other'))
  // `main` is below `top` and will be moved by this rebase.
  expect((await checkoutsOf(place, 'main')).here).toMatchObject([{ attached: false, operation: 'rebase' }])
})

test('a bisect, a merge and a cherry-pick in the middle are seen', async () => {
  using repository = makeRepository({ a: '1\n' })
  const place = { commonDir: repository.gitDir }
  const operation = async (): Promise<string | null | undefined> =>
    (await checkoutsOf(place, 'main')).here[0]?.operation
  const first = repository.git('rev-parse', 'HEAD')
  repository.git('checkout', '-q', '-b', 'other')
  repository.commit('other', { a: 'other\n' })
  repository.git('checkout', '-q', 'main')
  for (const n of [1, 2, 3]) repository.commit('more', { a: `main ${n}\n` })
  repository.git('bisect', 'start', 'HEAD', first)
  expect((await checkoutsOf(place, 'main')).here).toMatchObject([{ attached: false, operation: 'bisect' }])
  repository.git('bisect', 'reset')
  fails(() => repository.git('merge', 'other'))
  expect(await operation()).toBe('merge')
  repository.git('merge', '--abort')
  fails(() => repository.git('cherry-pick', 'other'))
  expect(await operation()).toBe('cherry-pick')
  repository.git('cherry-pick', '--abort')
  expect(await operation()).toBe(null)
})

test('worktrees whose directory is gone are told apart from those whose disk comes back', async () => {
  using repository = makeRepository()
  const place = { commonDir: repository.gitDir }
  const [gone, away] = [beside(repository, 'gone'), beside(repository, 'away')]
  repository.git('checkout', '-q', '-b', 'elsewhere')
  repository.git('worktree', 'add', '-q', gone, 'main')
  rmSync(gone, { recursive: true })
  expect(await checkoutsOf(place, 'main')).toEqual({ here: [], missing: [{ path: gone, expected: false }] })
  repository.git('worktree', 'add', '-q', '-f', '--lock', away, 'main')
  renameSync(away, `${away}-unmounted`)
  const { here, missing } = await checkoutsOf(place, 'main')
  expect(here).toEqual([])
  expect(missing).toContainEqual({ path: away, expected: true })
})

test('another repository that stands where a worktree was is not touched', async () => {
  using repository = makeRepository()
  const path = beside(repository, 'linked')
  repository.git('worktree', 'add', '-q', '-f', path, 'main')
  rmSync(path, { recursive: true })
  mkdirSync(path)
  plainGit(path, 'init', '-q', '-b', 'main')
  const { here, missing } = await checkoutsOf({ commonDir: repository.gitDir }, 'main')
  expect(here).toHaveLength(1)
  expect(missing).toEqual([{ path, expected: false }])
})

test('a bare repository’s own HEAD is no checkout', async () => {
  using repository = makeRepository()
  const bare = beside(repository, 'bare.git')
  repository.git('clone', '-q', '--bare', repository.root, bare)
  expect(await checkoutsOf({ commonDir: bare }, 'main')).toEqual({ here: [], missing: [] })
  plainGit(bare, 'worktree', 'add', '-q', beside(repository, 'lane'), 'main')
  const { here } = await checkoutsOf({ commonDir: bare }, 'main')
  expect(here.map(({ path }) => path)).toEqual([beside(repository, 'lane')])
})

test('a git directory elsewhere: git does not know the worktree, the caller or the config may', async () => {
  using repository = makeRepository()
  const commonDir = beside(repository, 'elsewhere.git')
  renameSync(repository.gitDir, commonDir)
  writeFileSync(repository.gitDir, `gitdir: ${commonDir}\n`)
  const unknown = { here: [], missing: [{ path: commonDir, expected: true }] }
  expect(await checkoutsOf({ commonDir }, 'main')).toEqual(unknown)
  const known = { path: repository.root, gitDir: commonDir }
  expect((await checkoutsOf({ commonDir, root: repository.root }, 'main')).here).toMatchObject([known])
  repository.git('config', 'core.worktree', '../repo')
  expect((await checkoutsOf({ commonDir }, 'main')).here).toMatchObject([known])
})
