import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type BaseMove, heldBy, type MoveAnswer, moveBase } from '../../src/host/git/move-base.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'

/** main at `from`, and `to` one commit ahead, as a landing makes it. */
function ready(
  files: Record<string, string>,
  landing: Record<string, string | null>,
): { repository: TestRepository; move: BaseMove } {
  const repository = makeRepository(files)
  const from = repository.git('rev-parse', 'HEAD')
  repository.git('checkout', '-q', '-b', 'candidate')
  for (const [path, content] of Object.entries(landing)) {
    rmSync(join(repository.root, path), { force: true, recursive: true })
    if (content !== null) repository.write(path, content)
  }
  repository.git('add', '-A', '-f')
  repository.git('commit', '-q', '-m', 'landing')
  const to = repository.git('rev-parse', 'HEAD')
  repository.git('checkout', '-q', 'main')
  return { repository, move: { branch: 'main', from, to, reason: 'worklane: land task 7' } }
}

function go(repository: TestRepository, move: BaseMove): Promise<MoveAnswer> {
  return moveBase({ commonDir: repository.gitDir }, move)
}

function tip(repository: TestRepository): string {
  return repository.git('rev-parse', 'main')
}

function content(repository: TestRepository, path: string): string {
  return readFileSync(join(repository.root, path), 'utf8')
}

/** Held with these files, and nothing whatever changed: ref, index, status, the files themselves. */
async function expectHeld(repository: TestRepository, move: BaseMove, files: string[]): Promise<void> {
  const before = picture(repository, files)
  expect(await heldBy({ commonDir: repository.gitDir }, move)).toMatchObject({ kind: 'held', files })
  const answer = await go(repository, move)
  expect(answer).toMatchObject({ kind: 'held', files, where: repository.root })
  expect(picture(repository, files)).toEqual(before)
}

function picture(repository: TestRepository, files: string[]): unknown {
  return {
    refs: repository.git('for-each-ref'),
    index: repository.git('ls-files', '-s'),
    status: repository.git('status', '--porcelain', '--ignored', '-uall'),
    files: files.map((path) => readFileOrNull(join(repository.root, path))),
  }
}

function readFileOrNull(path: string): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return stat?.isFile() ? readFileSync(path, 'utf8') : null
}

async function expectMoved(repository: TestRepository, move: BaseMove): Promise<void> {
  expect(await heldBy({ commonDir: repository.gitDir }, move)).toBe(null)
  expect(await go(repository, move)).toEqual({ kind: 'moved' })
  expect(tip(repository)).toBe(move.to)
}

describe('nobody has base checked out', () => {
  test('the ref moves, and its log says why', async () => {
    const { repository, move } = ready({ a: '1\n' }, { a: '2\n' })
    using _ = repository
    repository.git('checkout', '-q', 'candidate')
    await expectMoved(repository, move)
    expect(repository.git('reflog', '-1', '--format=%gs', 'main')).toBe('worklane: land task 7')
    expect(repository.git('status', '--porcelain')).toBe('')
  })

  test('a base that somebody moved, or removed, is reported and left alone', async () => {
    const { repository, move } = ready({ a: '1\n' }, { a: '2\n' })
    using _ = repository
    const now = repository.commit('a person', { b: 'person\n' })
    repository.git('checkout', '-q', 'candidate')
    expect(await go(repository, move)).toEqual({ kind: 'base-changed', now })
    repository.git('branch', '-q', '-D', 'main')
    expect(await go(repository, move)).toEqual({ kind: 'base-changed', now: null })
  })

  test('a lock that stays is named', async () => {
    const { repository, move } = ready({ a: '1\n' }, { a: '2\n' })
    using _ = repository
    repository.git('checkout', '-q', 'candidate')
    const lock = join(repository.gitDir, 'refs/heads/main.lock')
    writeFileSync(lock, '')
    expect(await go(repository, move)).toMatchObject({ kind: 'held', files: [lock] })
    expect(tip(repository)).toBe(move.from)
    rmSync(lock)
    expect(await go(repository, move)).toEqual({ kind: 'moved' })
  })

  test('only forward', async () => {
    const { repository, move } = ready({ a: '1\n' }, { a: '2\n' })
    using _ = repository
    repository.git('branch', '-q', 'past', move.to)
    const back = { ...move, branch: 'past', from: move.to, to: move.from }
    await expect(go(repository, back)).rejects.toMatchObject({ retry: 'never' })
  })

  test('a branch that is only another name for one is not moved', async () => {
    const { repository, move } = ready({ a: '1\n' }, { a: '2\n' })
    using _ = repository
    repository.git('symbolic-ref', 'refs/heads/trunk', 'refs/heads/main')
    expect(await go(repository, { ...move, branch: 'trunk' })).toMatchObject({ kind: 'held' })
    expect(repository.git('status', '--porcelain')).toBe('')
  })

  test('a worktree that was deleted does not count, one on a disk that comes back does', async () => {
    const { repository, move } = ready({ a: '1\n' }, { a: '2\n' })
    using _ = repository
    repository.git('checkout', '-q', 'candidate')
    const linked = join(repository.root, '..', 'linked')
    repository.git('worktree', 'add', '-q', '--lock', linked, 'main')
    rmSync(linked, { recursive: true })
    expect(await go(repository, move)).toMatchObject({ kind: 'held', where: linked })
    repository.git('worktree', 'unlock', linked)
    await expectMoved(repository, move)
  })
})

describe('base is checked out', () => {
  test('its files, index and log go along', async () => {
    const { repository, move } = ready({ a: '1\n', gone: 'x\n' }, { a: '2\n', 'new/ü': 'n\n', gone: null })
    using _ = repository
    await expectMoved(repository, move)
    expect(repository.git('status', '--porcelain', '--ignored')).toBe('')
    expect(content(repository, 'new/ü')).toBe('n\n')
    expect(repository.git('reflog', '-1', '--format=%gs')).toContain('worklane: land task 7')
  })

  test('other dirty, staged, untracked and ignored files stay as they are', async () => {
    const files = { a: '1\n', dirty: 'd\n', staged: 's\n', '.gitignore': '*.log\nnode_modules/\n' }
    const { repository, move } = ready(files, { a: '2\n', 'node_modules/b/index.js': 'forced\n' })
    using _ = repository
    repository.write('dirty', 'my dirt\n')
    repository.write('staged', 'my stage\n')
    repository.git('add', 'staged')
    repository.write('notes', 'mine\n')
    repository.write('x.log', 'mine\n')
    repository.write('node_modules/a/index.js', 'mine\n')
    const before = repository.git('status', '--porcelain', '-uall')
    await expectMoved(repository, move)
    expect(repository.git('status', '--porcelain', '-uall')).toBe(before)
    expect(content(repository, 'x.log') + content(repository, 'node_modules/a/index.js')).toBe('mine\nmine\n')
  })

  test('in a linked worktree it moves there', async () => {
    const { repository, move } = ready({ a: '1\n' }, { a: '2\n' })
    using _ = repository
    repository.git('checkout', '-q', 'candidate')
    const linked = join(repository.root, '..', 'linked')
    repository.git('worktree', 'add', '-q', linked, 'main')
    writeFileSync(join(linked, 'a'), 'mine\n')
    expect(await go(repository, move)).toMatchObject({ kind: 'held', files: ['a'], where: linked })
    plainGit(linked, 'checkout', '-q', 'a')
    await expectMoved(repository, move)
    expect(readFileSync(join(linked, 'a'), 'utf8')).toBe('2\n')
    expect(plainGit(linked, 'status', '--porcelain')).toBe('')
  })

  test('what a killed landing had staged already does not hold the next one', async () => {
    const { repository, move } = ready({ a: '1\n', gone: 'x\n' }, { a: '2\n', b: 'b\n', gone: null })
    using _ = repository
    repository.git('read-tree', '-m', '-u', move.from, move.to)
    expect(repository.git('status', '--porcelain')).not.toBe('')
    await expectMoved(repository, move)
    expect(repository.git('status', '--porcelain')).toBe('')
  })

  test('no hook and no merge setting of the user interferes', async () => {
    const { repository, move } = ready({ a: '1\n' }, { a: '2\n' })
    using _ = repository
    repository.git('config', 'branch.main.mergeOptions', '--squash')
    repository.git('config', 'merge.ff', 'false')
    repository.git('config', 'merge.verifySignatures', 'true')
    repository.git('config', 'user.useConfigOnly', 'true')
    const hook = join(repository.gitDir, 'hooks/reference-transaction')
    writeFileSync(hook, '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    await expectMoved(repository, move)
    expect(repository.git('status', '--porcelain')).toBe('')
  })
})

describe('held: something of the user is in the way', () => {
  test('dirty, staged, staged for deletion, deleted', async () => {
    const { repository, move } = ready(
      { d: '1\n', s: '1\n', r: '1\n', g: '1\n', other: '1\n' },
      { d: '2\n', s: '2\n', r: '2\n', g: '2\n' },
    )
    using _ = repository
    repository.write('d', 'mine\n')
    repository.write('s', 'mine\n')
    repository.git('add', 's')
    repository.git('rm', '-q', 'r')
    rmSync(join(repository.root, 'g'))
    repository.write('other', 'mine\n')
    await expectHeld(repository, move, ['d', 'g', 'r', 's'])
    repository.git('checkout', '-q', 'HEAD', '--', 'd', 's', 'r', 'g')
    await expectMoved(repository, move)
    expect(repository.git('status', '--porcelain')).toBe(' M other')
  })

  test('untracked and ignored files, also inside an ignored directory', async () => {
    const { repository, move } = ready(
      { '.gitignore': '*.env\nbuild/\n' },
      { 'new.ts': 'landed\n', 'prod.env': 'landed\n', 'build/out': 'landed\n', 'build/deep/er': 'landed\n' },
    )
    using _ = repository
    repository.write('new.ts', 'mine\n')
    repository.write('prod.env', 'mine\n')
    repository.write('build/out', 'mine\n')
    repository.write('build/deep', 'a file where a directory is needed\n')
    await expectHeld(repository, move, ['build/deep', 'build/out', 'new.ts', 'prod.env'])
  })

  test('a file where a directory comes, and files where a file comes', async () => {
    const { repository, move } = ready(
      { '.gitignore': 'cache/\n' },
      { 'docs/a.md': 'landed\n', lib: 'landed\n', cache: 'landed\n', 'link/x': 'landed\n' },
    )
    using _ = repository
    repository.write('docs', 'mine\n')
    repository.write('lib/deep/mine', 'mine\n')
    repository.write('cache/mine', 'mine\n')
    symlinkSync('/nowhere', join(repository.root, 'link'))
    await expectHeld(repository, move, ['cache', 'docs', 'lib/deep/mine', 'link'])
  })

  test('empty directories are in nobody’s way', async () => {
    const { repository, move } = ready(
      { '.gitignore': 'cache/\n' },
      { cache: 'landed\n', 'lib/a': 'landed\n' },
    )
    using _ = repository
    mkdirSync(join(repository.root, 'cache/empty'), { recursive: true })
    mkdirSync(join(repository.root, 'lib/a'), { recursive: true })
    await expectMoved(repository, move)
  })

  test('an operation in the middle', async () => {
    const { repository, move } = ready({ a: '1\n', b: '1\n' }, { a: '2\n' })
    using _ = repository
    repository.git('branch', 'other')
    const from = repository.commit('mine', { b: 'mine\n' })
    repository.git('checkout', '-q', 'other')
    repository.commit('other', { b: 'other\n' })
    repository.git('checkout', '-q', '-B', 'candidate', from)
    const to = repository.commit('landing', { a: '2\n' })
    repository.git('checkout', '-q', 'main')
    expect(() => repository.git('rebase', 'other')).toThrow()
    const again = { ...move, from, to }
    const answer = await go(repository, again)
    expect(answer).toMatchObject({
      kind: 'held',
      reason: `a rebase is under way in ${repository.root}`,
      where: repository.root,
    })
    expect(tip(repository)).toBe(from)
    repository.git('rebase', '--abort')
    expect(() => repository.git('merge', 'other')).toThrow()
    expect(await go(repository, again)).toMatchObject({
      kind: 'held',
      reason: `a merge is under way in ${repository.root}`,
    })
    repository.git('merge', '--abort')
    await expectMoved(repository, again)
  })

  test('several checkouts', async () => {
    const { repository, move } = ready({ a: '1\n' }, { a: '2\n' })
    using _ = repository
    const linked = join(repository.root, '..', 'linked')
    repository.git('worktree', 'add', '-q', '-f', linked, 'main')
    const where = `${repository.root}\n${linked}`
    expect(await go(repository, move)).toMatchObject({ kind: 'held', where })
    expect(tip(repository)).toBe(move.from)
  })

  test('a lock of a git that was killed', async () => {
    const { repository, move } = ready({ a: '1\n' }, { a: '2\n' })
    using _ = repository
    const lock = join(repository.gitDir, 'index.lock')
    writeFileSync(lock, '')
    expect(await go(repository, move)).toMatchObject({ kind: 'held', files: [lock] })
    expect(content(repository, 'a')).toBe('1\n')
    rmSync(lock)
    await expectMoved(repository, move)
  })

  test('a change that git status is told not to see', async () => {
    const { repository, move } = ready({ a: '1\n' }, { a: '2\n' })
    using _ = repository
    for (const flag of ['assume-unchanged', 'skip-worktree']) {
      repository.git('update-index', `--${flag}`, 'a')
      repository.write('a', 'mine\n')
      expect(repository.git('status', '--porcelain')).toBe('')
      await expectHeld(repository, move, ['a'])
      expect(content(repository, 'a')).toBe('mine\n')
      repository.git('update-index', `--no-${flag}`, 'a')
      repository.git('checkout', '-q', 'a')
    }
    await expectMoved(repository, move)
  })
})

test('a person commits on base in the middle: one of the two wins, and nothing shows as reversed', async () => {
  const { repository, move } = ready({ a: '1\n', b: '1\n' }, { a: '2\n' })
  using _ = repository
  const outcomes = new Set<string>()
  for (const round of Array.from({ length: 6 }, (_, at) => at)) {
    repository.git('reset', '-q', '--hard', move.from)
    repository.write('b', `person ${round}\n`)
    const moving = go(repository, move)
    // Each round commits at a later moment of the move.
    for (let turn = 0; turn < round * 40; turn += 1) await new Promise(setImmediate)
    const committed = tryCommit(repository)
    const answer = await moving
    outcomes.add(answer.kind)
    const landed = repository.git('rev-list', 'main').split('\n').includes(move.to)
    expect(landed).toBe(answer.kind === 'moved')
    expect(repository.git('status', '--porcelain')).toBe(committed ? '' : ' M b')
    expect(content(repository, 'b')).toBe(`person ${round}\n`)
    expect(content(repository, 'a')).toBe(landed ? '2\n' : '1\n')
  }
  expect([...outcomes]).toContain('base-changed')
})

function tryCommit(repository: TestRepository): boolean {
  try {
    repository.git('commit', '-q', '-m', 'person', 'b')
    return true
  } catch {
    return false
  }
}
