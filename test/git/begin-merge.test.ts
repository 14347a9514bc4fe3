import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type BegunMerge, beginMerge, leftMarkers } from '../../src/host/git/begin-merge.ts'
import type { GitPlace } from '../../src/host/git/git.ts'
import { uncommittedPaths, unfinishedOperation } from '../../src/host/git/lane-state.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'
import { walledLane } from '../fixtures/walled-lane.ts'

const LIST = 'one\ntwo\nthree\n'

/** On branch `lane`; `main` changed the same line, and another file. */
function conflicting(): TestRepository {
  const repository = makeRepository({ f: LIST, g: 'g\n' })
  repository.git('branch', 'lane')
  repository.commit('main goes on', { f: LIST.replace('two', 'two, main'), g: 'G\n' })
  repository.git('switch', '-q', 'lane')
  repository.commit('the lane', { f: LIST.replace('two', 'two, lane') })
  return repository
}

async function begin({ root, gitDir, git }: TestRepository): Promise<BegunMerge> {
  const place = { gitDir, workTree: root }
  const isDirty = async () => (await uncommittedPaths(place)).length > 0
  return await beginMerge(place, { onto: git('rev-parse', 'main'), message: 'Merge main into lane', isDirty })
}

test('a conflict is left in progress with what both began with; begun again, it is as it was', async () => {
  using repository = conflicting()
  const { root, git } = repository
  const onto = git('rev-parse', 'main')
  const open = { kind: 'open', onto, files: ['f'] }
  expect(await begin(repository)).toEqual(open)
  expect(readFileSync(join(root, 'f'), 'utf8')).toBe(
    `one\n<<<<<<< HEAD\ntwo, lane\n||||||| ${git('rev-parse', '--short', 'main^')}\ntwo\n=======\ntwo, main\n>>>>>>> ${onto}\nthree\n`,
  )
  expect(git('diff', '--cached', '--name-only', '--diff-filter=M')).toBe('g')
  repository.write('f', 'half\n')
  expect(await begin(repository)).toEqual(open)
  expect(readFileSync(join(root, 'f'), 'utf8')).toBe('half\n')
})

test('without a conflict it is committed, and then contained', async () => {
  using repository = conflicting()
  repository.git('reset', '-q', '--hard', 'main^')
  repository.commit('elsewhere', { h: 'h\n' })
  expect((await begin(repository)).kind).toBe('merged')
  expect(repository.git('log', '-1', '--format=%s %P')).toBe(
    `Merge main into lane ${repository.git('rev-parse', 'HEAD^1', 'main').replace('\n', ' ')}`,
  )
  expect(repository.git('status', '--porcelain')).toBe('')
  expect(await begin(repository)).toEqual({ kind: 'contained' })
})

test.each<[string, (repository: TestRepository) => void]>([
  ['what is not committed', ({ write }) => write('f', 'dirty\n')],
  ['what git does not know', ({ write }) => write('new', 'new\n')],
  ['a revert in progress', ({ git }) => git('revert', '--no-commit', 'HEAD')],
])('nothing is touched beside %s', async (_, disturb) => {
  using repository = conflicting()
  disturb(repository)
  const before = repository.git('status', '--porcelain')
  expect((await begin(repository)).kind).toBe('left')
  expect(repository.git('status', '--porcelain')).toBe(before)
  expect(unfinishedOperation(repository.gitDir)).not.toBe('merge')
})

test('markers that were committed are found, and other lines that look like them are not', async () => {
  using repository = conflicting()
  const { git, gitDir } = repository
  const onto = git('rev-parse', 'main')
  await begin(repository)
  const commit = repository.commit('careless', { g: '<<<<<<< HEAD\n=======\n>>>>>>> other\n' })
  expect(await leftMarkers({ gitDir }, { commit, onto, files: ['f', 'g'] })).toEqual(['f'])
  const mended = repository.commit('mended', { f: LIST })
  expect(await leftMarkers({ gitDir }, { commit: mended, onto, files: ['f', 'g'] })).toEqual([])
})

test('behind walls what was resolved once is used again; outside nothing is recorded', async () => {
  using lane = await walledLane({ f: LIST })
  const { repository, path } = lane
  const onto = repository.commit('main goes on', { f: LIST.replace('two', 'two, main') })
  lane.inside(`cd '${path}'; sed -i 's/two/two, lane/' f; git commit -qam lane; git tag before`)
  const place: GitPlace = { gitDir: lane.git, workTree: path, walls: lane.walls }
  const request = { onto, message: 'Merge main', isDirty: async () => false }
  expect(await beginMerge(place, request)).toEqual({ kind: 'open', onto, files: ['f'] })
  lane.inside(`cd '${path}'; printf 'one\\ntwo, both\\nthree\\n' > f; git add f; git commit -q --no-edit`)
  lane.inside(`cd '${path}'; git reset -q --hard before`)
  expect(await beginMerge(place, request)).toEqual({ kind: 'merged', onto })
  expect(lane.inside(`cd '${path}'; cat f`)).toBe('one\ntwo, both\nthree\n')
  using plain = conflicting()
  await begin(plain)
  for (const gitDir of [repository.gitDir, plain.gitDir])
    expect(() => readFileSync(join(gitDir, 'rr-cache'))).toThrow('ENOENT')
})
