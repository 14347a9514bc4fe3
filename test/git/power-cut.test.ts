import { existsSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { removeLocksInside, removeLocksOfFormerBoot } from '../../src/host/git/dead-locks.ts'
import { dropEmptyObjects, emptyObjects } from '../../src/host/git/empty-objects.ts'
import { deleteOwnRef, setOwnRefs } from '../../src/host/git/own-refs.ts'
import { makeRepository, temporaryDirectory } from '../fixtures/repository.ts'

test('an empty object is dropped, and git writes it anew; what is being written stays', async () => {
  using repository = makeRepository()
  const place = join(repository.gitDir, 'objects', 'ab')
  mkdirSync(place, { recursive: true })
  const empty = join(place, 'c'.repeat(38))
  writeFileSync(empty, '')
  writeFileSync(join(place, 'tmp_obj_1a2b3c'), '')
  expect(await emptyObjects(repository.gitDir)).toEqual([empty])
  await dropEmptyObjects(repository.gitDir)
  expect([existsSync(empty), existsSync(join(place, 'tmp_obj_1a2b3c'))]).toEqual([false, true])
})

test('locks from before this start of the machine go, younger ones stay', async () => {
  using repository = makeRepository()
  const old = ['index.lock', 'packed-refs.lock', 'refs/heads/main.lock'].map((name) =>
    join(repository.gitDir, name),
  )
  const young = join(repository.gitDir, 'HEAD.lock')
  for (const lock of [...old, young]) writeFileSync(lock, '')
  for (const lock of old) utimesSync(lock, 0, 0)
  await removeLocksOfFormerBoot(repository.gitDir)
  expect([...old, young].map((lock) => existsSync(lock))).toEqual([false, false, false, true])
})

test('no lock is removed behind a link, wherever in the git directory of a lane it stands', async () => {
  using repository = makeRepository()
  const victim = temporaryDirectory()
  const precious = join(victim, 'app', 'yarn.lock')
  mkdirSync(dirname(precious))
  writeFileSync(precious, '')
  const { gitDir } = repository
  symlinkSync(victim, join(gitDir, 'worktrees'))
  symlinkSync(victim, join(gitDir, 'refs', 'heads', 'far'))
  const dead = join(gitDir, 'refs', 'heads', 'deep', 'x.lock')
  mkdirSync(dirname(dead))
  for (const lock of [dead, join(gitDir, 'index.lock')]) writeFileSync(lock, '')
  utimesSync(precious, 0, 0)
  await removeLocksOfFormerBoot(gitDir)
  expect(existsSync(precious)).toBe(true)
  await removeLocksInside(gitDir)
  expect([precious, dead, join(gitDir, 'index.lock')].map((lock) => existsSync(lock))).toEqual([
    true,
    false,
    false,
  ])
})

test('a ref of ours is set although a killed git has left its lock', async () => {
  using repository = makeRepository()
  const { gitDir, git } = repository
  const commit = git('rev-parse', 'HEAD')
  mkdirSync(join(gitDir, 'refs/worklane/landing'), { recursive: true })
  writeFileSync(join(gitDir, 'refs/worklane/landing/7.lock'), '')
  await setOwnRefs(gitDir, new Map([['refs/worklane/landing/7', commit]]))
  expect(git('rev-parse', 'refs/worklane/landing/7')).toBe(commit)
  await deleteOwnRef(gitDir, 'refs/worklane/landing/7')
  expect(git('for-each-ref', 'refs/worklane')).toBe('')
})
