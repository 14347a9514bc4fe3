import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removeLocksOfFormerBoot } from '../../src/host/git/dead-locks.ts'
import { dropEmptyObjects, emptyObjects } from '../../src/host/git/empty-objects.ts'
import { deleteOwnRef, setOwnRefs } from '../../src/host/git/own-refs.ts'
import { makeRepository } from '../fixtures/repository.ts'

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
