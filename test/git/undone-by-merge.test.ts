import { expect, test } from 'vitest'
import { undoneByMerge } from '../../src/host/git/undone-by-merge.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'

const LIST = 'one\ntwo\nthree\n'

/** On branch `lane`, where the same line of `f` was changed as on `main`, which also changed, added and deleted others. */
function conflicting(): TestRepository {
  const repository = makeRepository({ f: LIST, g: 'g\n', old: 'old\n' })
  repository.git('branch', 'lane')
  repository.git('rm', '-q', 'old')
  repository.commit('main goes on', { f: LIST.replace('two', 'two, main'), g: 'G\n', 'a new one': 'new\n' })
  repository.git('switch', '-q', 'lane')
  repository.commit('the lane', { f: LIST.replace('two', 'two, lane'), h: 'h\n' })
  return repository
}

/** The merge of main, in which `f` is resolved and `script` is done besides. */
async function merged(repository: TestRepository, script: readonly (readonly string[])[]) {
  const { git } = repository
  repository.write('f', LIST.replace('two', 'two, both'))
  git('merge', '-q', '-s', 'ours', '--no-commit', 'main')
  git('checkout', 'main', '--', 'g', 'a new one')
  git('rm', '-q', 'old')
  for (const args of script) git(...args)
  git('add', '-A')
  git('commit', '-q', '-m', 'Merge main')
  return await look(repository)
}

async function look({ git, gitDir }: TestRepository) {
  const ends = { base: git('rev-parse', 'main'), head: git('rev-parse', 'lane') }
  return await undoneByMerge({ commonDir: gitDir }, ends)
}

test('a merge that resolves what conflicted, and nothing else, is fine', async () => {
  using repository = conflicting()
  expect(await merged(repository, [])).toBeNull()
})

test('what base changed, added or deleted and the merge has as before is named, until a later commit touches it', async () => {
  using repository = conflicting()
  const { git } = repository
  const before = ['checkout', 'lane', '--', 'g', 'old'] as const
  const undone = await merged(repository, [before, ['rm', '-q', '-f', 'a new one']])
  expect(undone).toEqual({
    merge: git('rev-parse', 'lane'),
    from: git('rev-parse', 'main'),
    paths: ['a new one', 'g', 'old'],
  })
  git('checkout', 'main', '--', 'g', 'a new one')
  git('commit', '-q', '-m', 'Bring it back')
  expect((await look(repository))?.paths).toEqual(['old'])
  git('rm', '-q', 'old')
  git('commit', '-q', '-m', 'And delete it')
  expect(await look(repository)).toBeNull()
})

test('a whole side taken is named for what did not conflict alone', async () => {
  using repository = conflicting()
  repository.git('merge', '-q', '-s', 'ours', '-m', 'Mine', 'main')
  expect((await look(repository))?.paths).toEqual(['a new one', 'g', 'old'])
})

test('merges of others than base are the lane’s own business', async () => {
  using repository = conflicting()
  const { git } = repository
  git('switch', '-q', '-c', 'topic')
  repository.commit('topic', { g: 'topic\n' })
  git('switch', '-q', 'lane')
  repository.commit('on', { i: 'i\n' })
  git('merge', '-q', '-s', 'ours', '-m', 'Mine', 'topic')
  expect(await look(repository)).toBeNull()
})
