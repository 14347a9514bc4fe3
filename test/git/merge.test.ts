import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { mergeBases, mergeOnto, mergeTrees } from '../../src/host/git/merge.ts'
import { type TestTree, writeHistory } from '../fixtures/history.ts'
import { makeRepository, type TestRepository, temporaryDirectory } from '../fixtures/repository.ts'

function threeTrees(base: TestTree, ours: TestTree, theirs: TestTree): TestRepository {
  const repository = makeRepository()
  writeHistory(repository, [
    { branch: 'base', tree: base },
    { branch: 'ours', tree: ours, from: ['base'] },
    { branch: 'theirs', tree: theirs, from: ['base'] },
  ])
  return repository
}

function files(repository: TestRepository, tree: string): string[] {
  return repository.git('ls-tree', '-r', '--name-only', tree).split('\n')
}

test('a clean merge gives the tree that git merge would make', async () => {
  using repository = threeTrees(
    { a: '1\n', b: '2\n' },
    { a: 'changed\n', b: '2\n' },
    { a: '1\n', b: '2\n', 'neu/ö b': '3\n' },
  )
  const answer = await mergeTrees({ commonDir: repository.gitDir }, 'ours', 'theirs')
  repository.git('checkout', '-q', 'ours')
  repository.git('merge', '-q', '--no-edit', 'theirs')
  expect(answer).toEqual({ kind: 'clean', tree: repository.git('rev-parse', 'HEAD^{tree}') })
})

test('conflicts carry their files and git’s stable word for each', async () => {
  using repository = threeTrees(
    { both: '1\n', gone: '2\n', 'ü/kept': 'x\n' },
    { both: 'ours\n', 'ü/kept': 'x\n', 'ü/new': 'ours\n' },
    { both: 'theirs\n', gone: 'edited\n', 'ü/kept': 'x\n', 'ü/new': 'theirs\n' },
  )
  const answer = await mergeTrees({ commonDir: repository.gitDir }, 'ours', 'theirs')
  expect(answer).toMatchObject({
    kind: 'conflict',
    files: [
      { path: 'both', kind: 'CONFLICT (contents)' },
      { path: 'gone', kind: 'CONFLICT (modify/delete)' },
      { path: 'ü/new', kind: 'CONFLICT (contents)' },
    ],
  })
})

test('a file in whose way a directory is has the name that a lane knows', async () => {
  using repository = threeTrees({ 'src/x': '1\n' }, { src: 'a file\n' }, { 'src/x': 'edited\n' })
  const [ours, theirs] = ['ours', 'theirs'].map((name) => repository.git('rev-parse', name)) as [
    string,
    string,
  ]
  const answer = await mergeTrees({ commonDir: repository.gitDir }, ours, theirs)
  expect(answer).toMatchObject({
    kind: 'conflict',
    files: expect.arrayContaining([{ path: 'src', kind: 'CONFLICT (file/directory)' }]),
  })
})

test('a failure of git is never a clean merge', async () => {
  using repository = threeTrees(
    { a: '1\n', 'd/b': '1\n' },
    { a: '2\n', 'd/b': '1\n' },
    { a: '1\n', 'd/b': '2\n' },
  )
  const place = { commonDir: repository.gitDir }
  const nobody = '1'.repeat(40)
  // Exit 1, which is what a conflict gives too, and no tree.
  expect(await mergeTrees(place, 'ours', nobody)).toMatchObject({ kind: 'unknown' })
  // Git 2.39 takes it for an empty directory.
  const tree = repository.git('rev-parse', 'theirs:d')
  rmSync(join(repository.gitDir, 'objects', tree.slice(0, 2), tree.slice(2)))
  expect(await mergeTrees(place, 'ours', 'theirs')).toMatchObject({ kind: 'unknown' })
})

test('histories without a common commit are unknown, and said to be', async () => {
  using repository = threeTrees({ a: '1\n' }, { a: '2\n' }, { a: '3\n' })
  const answer = await mergeTrees({ commonDir: repository.gitDir }, 'ours', 'main')
  expect(answer).toEqual({ kind: 'unknown', reason: 'The two histories have no commit in common.' })
  expect(await mergeBases({ commonDir: repository.gitDir }, 'ours', 'main')).toEqual([])
})

test('git 2.39 keeps the file that it loses with directory renames on', async () => {
  const bar = '1\n2\n3\n4\n5\n6\n7\n'
  const baz = 'baz\n'
  // Testcase 12i2 of git's t6423, fixed in 2.51.1.
  using repository = threeTrees(
    { 'source/subdir/foo': 'foo\n', 'source/bar': bar, 'source/baz': baz },
    { 'source/foo': 'foo\n', 'source/bar': `${bar}8\n`, 'source/baz': baz },
    { 'source/subdir/foo': 'foo\n', 'source/subdir/bar': bar, 'source/baz': `${baz}more\n` },
  )
  const answer = await mergeTrees({ commonDir: repository.gitDir }, 'ours', 'theirs')
  expect(answer.kind).toBe('clean')
  const tree = answer.kind === 'clean' ? answer.tree : ''
  expect(files(repository, tree)).toEqual(['source/baz', 'source/foo', 'source/subdir/bar'])
  expect(repository.git('show', `${tree}:source/subdir/bar`)).toBe(`${bar}8`)
})

test('attributes lying about where processes run, and the user’s own merge settings, change nothing', async () => {
  using repository = threeTrees({ a: '1\n' }, { a: 'ours\n' }, { a: 'theirs\n' })
  const aside = temporaryDirectory()
  writeFileSync(join(aside, '.gitattributes'), '* merge=union\n')
  vi.stubEnv('TMPDIR', aside)
  try {
    repository.git('config', 'merge.renames', 'false')
    repository.git('config', 'merge.default', 'own')
    repository.git('config', 'merge.own.driver', 'true')
    const answer = await mergeTrees({ commonDir: repository.gitDir }, 'ours', 'theirs')
    expect(answer.kind).toBe('conflict')
  } finally {
    vi.unstubAllEnvs()
    rmSync(aside, { recursive: true })
  }
})

test('a bare repository merges too, and nothing is left behind', async () => {
  using repository = threeTrees({ a: '1\n' }, { a: '2\n' }, { a: '1\n', b: '1\n' })
  const bare = join(repository.root, '..', 'bare.git')
  execFileSync('git', ['clone', '-q', '--bare', repository.root, bare])
  expect((await mergeTrees({ commonDir: bare }, 'ours', 'theirs')).kind).toBe('clean')
  expect(readdirSync(bare)).not.toContain('index')
})

test('a merge with a base of our choice replays one commit, and the same trees give the same objects', async () => {
  using repository = threeTrees(
    { a: '1\n2\n3\n4\n5\n6\n', b: 'b\n' },
    { a: '1\n2\n3\n4\n5\nsix\n', b: 'b\n' },
    { a: 'one\n2\n3\n4\n5\n6\n', b: 'b\n' },
  )
  const place = { commonDir: repository.gitDir }
  const answer = await mergeOnto(place, { base: 'base', ours: 'ours', theirs: 'theirs' })
  expect(answer.kind).toBe('clean')
  const tree = answer.kind === 'clean' ? answer.tree : ''
  expect(repository.git('show', `${tree}:a`)).toBe('one\n2\n3\n4\n5\nsix')
  const before = repository.git('count-objects')
  expect(await mergeOnto(place, { base: 'base', ours: 'ours', theirs: 'theirs' })).toEqual(answer)
  expect(repository.git('count-objects')).toBe(before)
  // Undo what `theirs` did, on top of the merge.
  const undone = await mergeOnto(place, { base: 'theirs', ours: tree, theirs: 'base' })
  expect(undone).toEqual({ kind: 'clean', tree: repository.git('rev-parse', 'ours^{tree}') })
})

test('a merge with a base of our choice conflicts like any other', async () => {
  using repository = threeTrees({ a: '1\n' }, { a: 'ours\n' }, { a: 'theirs\n' })
  const trees = { base: 'base', ours: 'ours', theirs: 'theirs' }
  const answer = await mergeOnto({ commonDir: repository.gitDir }, trees)
  expect(answer).toMatchObject({ kind: 'conflict', files: [{ path: 'a', kind: 'CONFLICT (contents)' }] })
})
