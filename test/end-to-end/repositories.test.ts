import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { data, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit, temporaryDirectory } from '../fixtures/repository.ts'

/** Odd repositories: each works, or is refused with one sentence before anything has changed. */
describe('repositories in odd states', () => {
  const claim = async (root: string) => {
    await data(root, 'task', 'add', 'one')
    return await worklane(root, 'claim', '--as', 'ann')
  }

  it('no commit yet', async () => {
    const root = join(temporaryDirectory(), 'r')
    execFileSync('git', ['init', '-q', '-b', 'main', root])
    const said = await claim(root)
    expect([said.code, said.err]).toEqual([1, expect.stringContaining('has no commit')])
    expect((await data(root, 'task', 'show', '1')).state).toBe('pending')
  })

  it('bare', async () => {
    const root = join(temporaryDirectory(), 'r.git')
    execFileSync('git', ['init', '-q', '--bare', root])
    const said = await worklane(root, 'status')
    expect([said.code, said.err]).toEqual([2, expect.stringContaining('bare')])
  })

  it('a checkout of a bare repository', async () => {
    using repository = makeRepository()
    const bare = join(temporaryDirectory(), 'r.git')
    const tree = join(bare, '../tree')
    plainGit(repository.root, 'clone', '-q', '--bare', '.', bare)
    plainGit(bare, 'worktree', 'add', '-q', tree, 'main')
    expect((await claim(tree)).code).toBe(0)
  })

  it('detached HEAD, with and without a base in the settings', async () => {
    using repository = makeRepository()
    repository.git('checkout', '-q', '--detach')
    const said = await claim(repository.root)
    expect([said.code, said.err]).toEqual([1, expect.stringContaining('detached')])
    repository.write('worklane.yaml', 'base: main\n')
    expect((await worklane(repository.root, 'claim', '--as', 'ann')).code).toBe(0)
  })

  it('a base that does not exist', async () => {
    using repository = makeRepository()
    repository.write('worklane.yaml', 'base: trunk\n')
    const said = await claim(repository.root)
    expect([said.code, said.err]).toEqual([1, expect.stringContaining('trunk')])
  })

  it('SHA-256 objects, worktree configuration, a path with spaces and umlauts', async () => {
    const root = join(temporaryDirectory(), 'ä b c')
    execFileSync('git', ['init', '-q', '-b', 'main', '--object-format=sha256', root])
    plainGit(root, 'commit', '-q', '--allow-empty', '-m', 'first')
    plainGit(root, 'config', 'extensions.worktreeConfig', 'true')
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    plainGit(lane.path, 'commit', '-q', '--allow-empty', '-m', 'work')
    execFileSync('sh', ['-c', 'echo x > x'], { cwd: lane.path })
    await data(root, 'complete', '1', '--epoch', '1')
    expect((await data(root, 'land')).landed).toHaveLength(1)
  })

  it('a partial clone and an unknown extension are refused', async () => {
    using repository = makeRepository()
    repository.git('config', 'remote.origin.promisor', 'true')
    expect((await claim(repository.root)).err).toContain('partial clone')
    repository.git('config', '--unset', 'remote.origin.promisor')
    repository.git('config', 'core.repositoryformatversion', '1')
    repository.git('config', 'extensions.noop', 'true')
    expect((await worklane(repository.root, 'claim', '--as', 'ann')).err).toContain('extensions.noop')
    expect(repository.git('worktree', 'list').split('\n')).toHaveLength(1)
  })

  it('called from inside a lane, and from a subdirectory', async () => {
    using repository = makeRepository({ 'deep/down/a.txt': 'x' })
    await data(repository.root, 'task', 'add', 'one')
    const { lane } = await data(repository.root, 'claim', '--as', 'ann')
    expect((await data(lane.path, 'lane', 'path', '1')).path).toBe(lane.path)
    expect((await data(join(repository.root, 'deep/down'), 'status')).tasks.in_progress).toBe(1)
  })

  it('shallow, and with sparse checkout in the main worktree', async () => {
    using repository = makeRepository({ 'a/1': '1', 'b/2': '2' })
    repository.commit('second', { 'a/1': '11' })
    const root = join(temporaryDirectory(), 'shallow')
    plainGit('/', 'clone', '-q', '--depth', '1', `file://${repository.root}`, root)
    plainGit(root, 'sparse-checkout', 'set', 'a')
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    expect(plainGit(lane.path, 'status', '--short')).toBe('')
    execFileSync('sh', ['-c', 'echo 3 > a/3'], { cwd: lane.path })
    await data(root, 'complete', '1', '--epoch', '1')
    expect((await data(root, 'land', '--verify', 'test -f a/3')).landed).toHaveLength(1)
  })
})
