import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fenceOff, removeFence } from '../../src/host/git/worktree.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'

test('whoever goes on in a lane that is gone does not commit on main', async () => {
  using repository = makeRepository()
  const { root, git } = repository
  const lanes = join(root, '.worktrees')
  const gone = join(lanes, 'task-1', 'src')
  writeFileSync(join(repository.gitDir, 'info', 'exclude'), '/.worktrees/\n')
  await fenceOff(lanes)
  await fenceOff(lanes)
  mkdirSync(gone, { recursive: true })
  writeFileSync(join(gone, 'late.txt'), 'late\n')
  const before = git('rev-parse', 'main')
  const commit = spawnSync('git', ['commit', '--allow-empty', '-m', 'late'], { cwd: gone, encoding: 'utf8' })
  expect(commit.status).toBe(128)
  expect(commit.stderr).toMatch(/not a git repository: .*not-a-lane/)
  expect(git('rev-parse', 'main')).toBe(before)
})

test('behind the fence a real worktree works, and the main checkout sees nothing of it', async () => {
  using repository = makeRepository()
  const { root, git } = repository
  const lanes = join(root, '.worktrees')
  writeFileSync(join(repository.gitDir, 'info', 'exclude'), '/.worktrees/\n')
  await fenceOff(lanes)
  git('worktree', 'add', '-q', join(lanes, 'task-2'))
  expect(plainGit(join(lanes, 'task-2'), 'rev-parse', '--show-toplevel')).toBe(join(lanes, 'task-2'))
  git('add', '-A')
  expect(git('status', '--porcelain')).toBe('')
  expect(git('clean', '-ffd', '--dry-run')).toBe('')
})

test('only our own fence is taken away', async () => {
  using repository = makeRepository()
  const lanes = join(repository.root, '.worktrees')
  mkdirSync(lanes)
  writeFileSync(join(lanes, '.git'), 'gitdir: /elsewhere\n')
  await fenceOff(lanes)
  await removeFence(lanes)
  expect(readFileSync(join(lanes, '.git'), 'utf8')).toBe('gitdir: /elsewhere\n')
})
