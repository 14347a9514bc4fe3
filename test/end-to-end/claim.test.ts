import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contentOf, data, refused, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'

describe('claim, complete, land', () => {
  it('takes a task from the board to main and leaves nothing behind', async () => {
    using repository = makeRepository({ 'a.txt': 'one\n', '.gitignore': '.env\n' })
    const { root, git } = repository
    expect((await data(root, 'task', 'add', 'Add OAuth login', '--describe', 'with care')).id).toBe(1)
    const claim = await data(root, 'claim', '--as', 'ann')
    expect(claim).toMatchObject({
      task: { id: 1 },
      epoch: 1,
      leaseUntil: null,
      lane: { branch: 'task/1-add-oauth-login', path: join(root, '.worktrees/task-1') },
    })
    expect(git('status', '--short')).toBe('')
    const lane = claim.lane.path
    appendFileSync(join(lane, 'a.txt'), 'two\n')
    plainGit(lane, 'commit', '-qam', 'Say two')
    writeFileSync(join(lane, 'left.txt'), 'left over\n')
    expect(await data(root, 'complete', '1', '--epoch', '1')).toMatchObject({
      landing: 'queued',
      committed: ['left.txt'],
    })
    const landed = await data(root, 'land')
    expect(landed).toMatchObject({
      landed: [{ task: 1, base: 'main', verified: false }],
      rejected: [],
      conflicted: [],
      held: [],
    })
    expect(git('show', '-s', '--format=%B', 'main')).toContain('Worklane-Task: 1')
    expect(contentOf(root, 'a.txt')).toBe('one\ntwo\n')
    expect(contentOf(root, 'left.txt')).toBe('left over\n')
    expect(git('branch', '--format=%(refname:short)')).toBe('main')
    expect(git('worktree', 'list').split('\n')).toHaveLength(1)
    expect(existsSync(lane)).toBe(false)
    expect((await data(root, 'status')).tasks.landed).toBe(1)
    expect((await data(root, 'doctor')).findings).toEqual([])
  })

  it('does not take a merge in that takes away what others landed', async () => {
    using repository = makeRepository({ 'a.txt': 'one\n', 'b.txt': 'b\n' })
    const { root } = repository
    await data(root, 'task', 'add', 'Say two')
    const { lane, epoch } = await data(root, 'claim', '1', '--as', 'ann')
    writeFileSync(join(lane.path, 'a.txt'), 'two\n')
    plainGit(lane.path, 'commit', '-qam', 'Say two')
    repository.commit('Say three', { 'a.txt': 'three\n', 'b.txt': 'B\n' })
    plainGit(lane.path, 'merge', '-q', '-s', 'ours', '-m', 'Mine', 'main')
    expect(await refused(root, 'complete', '1', '--epoch', epoch)).toEqual(['undoes-base', 1])
    plainGit(lane.path, 'checkout', '-q', 'main', '--', 'b.txt')
    plainGit(lane.path, 'commit', '-qm', 'Bring it back')
    await data(root, 'complete', '1', '--epoch', epoch)
    expect(await data(root, 'land')).toMatchObject({ landed: [{ task: 1 }] })
    expect([contentOf(root, 'a.txt'), contentOf(root, 'b.txt')]).toEqual(['two\n', 'B\n'])
  })

  it('refuses with a stable code, and bad words with exit code 2 before anything changes', async () => {
    using repository = makeRepository()
    const { root } = repository
    expect(await refused(root, 'claim', '--as', 'ann')).toEqual(['nothing-ready', 1])
    await data(root, 'task', 'add', 'one')
    await data(root, 'task', 'add', 'two', '--after', '1')
    const { epoch } = await data(root, 'claim', '1', '--as', 'ann')
    expect(await refused(root, 'claim', '1', '--as', 'bob')).toEqual(['already-claimed', 1])
    expect(await refused(root, 'claim', '2', '--as', 'bob')).toEqual(['blocked', 1])
    expect(await refused(root, 'complete', '1', '--epoch', '9')).toEqual(['stale-lease', 1])
    expect(await refused(root, 'complete', '1', '--epoch', String(epoch))).toEqual(['no-commits', 1])
    expect(await refused(root, 'task', 'show', '99')).toEqual(['no-such-task', 1])
    for (const words of [
      ['task', 'add', ''],
      ['task', 'add', 'x', '--after', 'soon'],
      ['claim'],
      ['land', '--bogus'],
      ['frobnicate'],
      ['claim', '--as', 'a', '--lease', 'never'],
    ])
      expect(await refused(root, ...words)).toEqual(['usage', 2])
    expect(await refused('/', 'status')).toEqual(['usage', 2])
    expect((await data(root, 'task', 'list')).tasks).toHaveLength(2)
  })

  it('goes on in the same lane after a release, and in a fresh one after a takeover', async () => {
    using repository = makeRepository()
    const { root } = repository
    await data(root, 'task', 'add', 'one')
    const first = await data(root, 'claim', '--as', 'ann')
    writeFileSync(join(first.lane.path, 'draft.txt'), 'half\n')
    await data(root, 'release', '1', '--epoch', '1')
    const second = await data(root, 'claim', '--as', 'bob', '--lease', '1s')
    expect(second.lane.path).toBe(first.lane.path)
    expect(contentOf(second.lane.path, 'draft.txt')).toBe('half\n')
    await data(root, 'release', '1', '--force')
    const third = await data(root, 'claim', '--as', 'eve')
    expect(third.lane).toMatchObject({ branch: first.lane.branch, startPoint: first.lane.startPoint })
    expect(contentOf(third.lane.path, 'draft.txt')).toBe('half\n')
    expect(statSync(third.lane.path).ino).not.toBe(statSync(first.lane.path, { throwIfNoEntry: false })?.ino)
    expect(await refused(root, 'heartbeat', '1', '--epoch', '2')).toEqual(['stale-lease', 1])
  })

  it('brings everything of a removed lane back', async () => {
    using repository = makeRepository({ 'a.txt': 'one\n', '.gitignore': '.env\n' })
    const { root, git } = repository
    writeFileSync(join(root, 'worklane.yaml'), 'lanes:\n  copy: [".env"]\n')
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    writeFileSync(join(lane.path, 'new.txt'), 'new\n')
    plainGit(lane.path, 'add', 'new.txt')
    plainGit(lane.path, 'commit', '-qm', 'new')
    writeFileSync(join(lane.path, 'staged.txt'), 'staged\n')
    plainGit(lane.path, 'add', 'staged.txt')
    writeFileSync(join(lane.path, 'run.sh'), '#!/bin/sh\n')
    chmodSync(join(lane.path, 'run.sh'), 0o755)
    writeFileSync(join(lane.path, '.env'), 'SECRET=1\n', { mode: 0o600 })
    mkdirSync(join(lane.path, 'empty'))
    symlinkSync('nowhere', join(lane.path, 'link'))
    const before = plainGit(lane.path, 'status', '--porcelain=v2', '--branch')
    await data(root, 'lane', 'remove', '1')
    expect(git('branch', '--format=%(refname:short)')).toBe('main')
    expect(existsSync(lane.path)).toBe(false)
    git('gc', '-q', '--prune=now')
    expect(git('cat-file', '--batch-all-objects', '--batch-check', '--unordered')).not.toContain('SECRET')
    const back = await data(root, 'lane', 'restore', '1')
    expect(plainGit(back.path, 'status', '--porcelain=v2', '--branch')).toBe(before)
    expect([contentOf(back.path, '.env'), statSync(join(back.path, '.env')).mode & 0o777]).toEqual([
      'SECRET=1\n',
      0o600,
    ])
    expect(readdirSync(back.path)).toEqual(expect.arrayContaining(['empty', 'link', 'run.sh', 'staged.txt']))
    expect(await data(root, 'complete', '1', '--epoch', '1')).toMatchObject({ landing: 'queued' })
  })
})

describe('a lane', () => {
  it('gets the ignored files that are asked for, and a link only where git ignores it', async () => {
    using repository = makeRepository({
      '.gitignore': '.env*\ncache/\nmodules\nbuild/\n',
      '.worktreeinclude': '.env\ncache/\nREADME.md\n',
      'README.md': 'x\n',
    })
    const { root, write } = repository
    write('.env', 'A=1\n')
    write('.env.other', 'B=1\n')
    write('cache/deep/one', '1')
    write('modules/m', '1')
    write('build/b', '1')
    write('worklane.yaml', 'lanes:\n  link: [modules, build]\n')
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    expect(contentOf(lane.path, '.env')).toBe('A=1\n')
    expect(contentOf(lane.path, '.env.other')).toBeNull()
    expect(contentOf(lane.path, 'cache/deep/one')).toBe('1')
    expect(contentOf(lane.path, 'modules/m')).toBe('1')
    expect(existsSync(join(lane.path, 'build'))).toBe(false)
    expect(lane.warnings.join()).toContain('build was not linked')
    expect(plainGit(lane.path, 'status', '--short')).toBe('')
  })

  it('runs the set-up command with ports of its own, and says why when it fails', async () => {
    using repository = makeRepository()
    const { root, write } = repository
    write('worklane.yaml', 'lanes:\n  setup: echo $WORKLANE_TASK $PORT > setup.out\n')
    await data(root, 'task', 'add', 'one')
    await data(root, 'task', 'add', 'two')
    const lanes = [await data(root, 'claim', '--as', 'ann'), await data(root, 'claim', '--as', 'bob')].map(
      ({ lane }) => lane,
    )
    expect(lanes.map(({ path }) => contentOf(path, 'setup.out'))).toEqual(
      lanes.map(({ port }, at) => `${at + 1} ${port}\n`),
    )
    expect(lanes[0].port).not.toBe(lanes[1].port)
    write('worklane.yaml', 'lanes:\n  setup: echo broken; exit 4\n')
    await data(root, 'task', 'add', 'three')
    const said = await worklane(root, 'claim', '3', '--as', 'ann')
    expect([said.code, said.err]).toEqual([3, expect.stringContaining('broken')])
    expect((await data(root, 'task', 'show', '3')).state).toBe('pending')
    expect((await data(root, 'lane', 'list')).lanes).toHaveLength(2)
  })

  it('never touches a directory or a branch that is not its own', async () => {
    using repository = makeRepository()
    const { root, write, git } = repository
    write('.worktrees/task-1/mine.txt', 'mine\n')
    git('branch', 'task')
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    expect(lane).toMatchObject({ path: join(root, '.worktrees/task-1-2'), branch: 'task-1-one' })
    expect(contentOf(root, '.worktrees/task-1/mine.txt')).toBe('mine\n')
  })
})
