import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { mergeBases, mergeTrees } from '../../src/host/git/merge.ts'
import { checkMerge } from '../../src/host/git/oracle.ts'
import { type TestTree, writeHistory } from '../fixtures/history.ts'
import { editsOf, editTree, filePaths, treesOf } from '../fixtures/random-tree.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'

const repository = makeRepository()
afterAll(() => repository[Symbol.dispose]())

function writeSides(base: TestTree, ours: TestTree, theirs: TestTree): void {
  writeHistory(repository, [
    { branch: 'base', tree: base },
    { branch: 'ours', tree: ours, from: ['base'] },
    { branch: 'theirs', tree: theirs, from: ['base'] },
  ])
}

/** Violations of `tree`, a branch or a tree, as the merge of ours and theirs. */
async function violations(tree: string): Promise<string[]> {
  const merge = { bases: ['base'] as const, ours: 'ours', theirs: 'theirs', tree }
  const found = await checkMerge({ commonDir: repository.gitDir }, merge)
  return found.map(({ path, kind }) => `${path} ${kind}`)
}

/** What git makes of it; the test is void when that is not clean. */
async function cleanMerge(on: TestRepository = repository): Promise<string> {
  const answer = await mergeTrees({ commonDir: on.gitDir }, 'ours', 'theirs')
  expect(answer).toMatchObject({ kind: 'clean' })
  return answer.kind === 'clean' ? answer.tree : ''
}

function lines(name: string, changed: Record<number, string> = {}): string {
  return Array.from({ length: 9 }, (_, at) => `${changed[at] ?? `${name} line ${at}`}\n`).join('')
}

describe('clean merges that are right', () => {
  test('an edit follows a rename, with and without an edit by the renamer', async () => {
    writeSides(
      { p: lines('p'), r: lines('r') },
      { q: lines('p', { 0: 'ours' }), 'ü/r': lines('r') },
      { p: lines('p', { 8: 'theirs' }), r: lines('r', { 4: 'theirs' }) },
    )
    const tree = await cleanMerge()
    expect(repository.git('show', `${tree}:q`)).toContain('theirs')
    expect(await violations(tree)).toEqual([])
  })

  test('a mode change follows a rename', async () => {
    writeSides({ p: lines('p') }, { q: lines('p') }, { p: { mode: '100755', content: lines('p') } })
    const tree = await cleanMerge()
    expect(repository.git('ls-tree', tree)).toMatch(/^100755 blob \w+\tq$/)
    expect(await violations(tree)).toEqual([])
  })

  test('one side turns a directory into a file, a file into a directory, a file into a link', async () => {
    writeSides(
      { 'd/a': lines('a'), 'd/b': lines('b'), f: lines('f'), l: lines('l'), o: 'o\n' },
      { d: 'file\n', 'f/x': 'x\n', l: { mode: '120000', content: 'o' }, o: 'o\n' },
      { 'd/a': lines('a'), 'd/b': lines('b'), f: lines('f'), l: lines('l'), o: 'changed\n' },
    )
    expect(await violations(await cleanMerge())).toEqual([])
  })

  test('both delete, one deletes, both make the same file, both edit one file', async () => {
    writeSides(
      { a: 'a\n', b: 'b\n', c: lines('c') },
      { c: lines('c', { 0: 'ours' }), n: 'new\n' },
      { b: 'b\n', c: lines('c', { 8: 'theirs' }), n: 'new\n' },
    )
    expect(await violations(await cleanMerge())).toEqual([])
  })
})

describe('merges that lose something', () => {
  test('a file that one side added is gone: what git 2.39 answers in t6423 12i2', async () => {
    const bar = '1\n2\n3\n4\n5\n6\n7\n'
    const [foo, baz] = ['foo\n', 'baz\n']
    writeSides(
      { 'source/subdir/foo': foo, 'source/bar': bar, 'source/baz': baz },
      { 'source/foo': foo, 'source/bar': `${bar}8\n`, 'source/baz': baz },
      { 'source/subdir/foo': foo, 'source/subdir/bar': bar, 'source/baz': `${baz}more\n` },
    )
    writeHistory(repository, [{ branch: 'lossy', tree: { 'source/foo': foo, 'source/baz': `${baz}more\n` } }])
    expect(await violations('lossy')).toEqual(['source/bar missing', 'source/subdir/bar missing'])
    expect(await violations(await cleanMerge())).toEqual([])
  })

  test('an edit of a file that the other side renamed is dropped', async () => {
    writeSides({ p: lines('p') }, { q: lines('p') }, { p: lines('p', { 3: 'theirs' }) })
    expect(await violations('ours')).toEqual(['p missing'])
  })

  test('the renamed file carries something that neither wrote', async () => {
    writeSides({ p: lines('p') }, { q: lines('p') }, { p: lines('p', { 3: 'theirs' }) })
    writeHistory(repository, [{ branch: 'wrong', tree: { q: lines('p', { 3: 'nobody' }) } }])
    expect(await violations('wrong')).toEqual(['p missing', 'q different'])
  })

  test('one side’s edit, mode, link, deletion, and a file that nobody touched', async () => {
    writeSides(
      { a: 'a\n', m: 'm\n', l: 'l\n', gone: 'gone\n', still: 'still\n', o: 'o\n' },
      { a: 'changed\n', m: { mode: '100755', content: 'm\n' }, l: 'l\n', still: 'still\n', o: 'o\n' },
      { a: 'a\n', m: 'm\n', l: { mode: '120000', content: 'o' }, gone: 'gone\n', still: 'still\n', o: 'o\n' },
    )
    writeHistory(repository, [
      { branch: 'wrong', tree: { a: 'a\n', m: 'm\n', l: 'l\n', gone: 'gone\n', o: 'o\n' } },
    ])
    const expected = ['a different', 'gone different', 'l different', 'm different', 'still missing']
    expect(await violations('wrong')).toEqual(expected)
  })
})

test('criss-cross history: what the merge bases disagree on is left to git, the rest is not', async () => {
  using crossed = makeRepository()
  const tree = (f: string, g: string, more: TestTree = {}): TestTree => ({
    f: lines('f', { 0: f }),
    g: lines('g', { 0: g }),
    ...more,
  })
  writeHistory(crossed, [
    { branch: 'root', tree: tree('0', '0') },
    { branch: 'left', tree: tree('left', '0'), from: ['root'] },
    { branch: 'right', tree: tree('0', 'right'), from: ['root'] },
    { branch: 'ours', tree: tree('left', 'right'), from: ['left', 'right'] },
    { branch: 'theirs', tree: tree('left', 'right', { n: 'new\n' }), from: ['right', 'left'] },
  ])
  const place = { commonDir: crossed.gitDir }
  const [first = '', ...others] = await mergeBases(place, 'ours', 'theirs')
  expect(others).toHaveLength(1)
  const merge = { bases: [first, ...others] as const, ours: 'ours', theirs: 'theirs' }
  expect(await checkMerge(place, { ...merge, tree: await cleanMerge(crossed) })).toEqual([])
  expect(await checkMerge(place, { ...merge, tree: 'ours' })).toMatchObject([{ path: 'n', kind: 'missing' }])
})

test('random trees: a clean merge never breaks the rule, and without any one of its files it does', async () => {
  const sides = fc.tuple(treesOf(), editsOf(), editsOf(), fc.nat())
  let clean = 0
  await fc.assert(
    fc.asyncProperty(sides, async ([base, ours, theirs, pick]) => {
      writeSides(base, editTree(base, ours), editTree(base, theirs))
      const answer = await mergeTrees({ commonDir: repository.gitDir }, 'ours', 'theirs')
      if (answer.kind !== 'clean') return
      clean += 1
      expect(await violations(answer.tree)).toEqual([])
      const files = filePaths(repository, answer.tree)
      const victim = files[pick % files.length]
      if (victim === undefined) return
      expect(await violations(without(answer.tree, victim))).toContain(`${victim} missing`)
    }),
    { numRuns: Number(process.env.ORACLE_RUNS ?? 25), seed: Number(process.env.ORACLE_SEED ?? 7) },
  )
  expect(clean).toBeGreaterThan(3)
})

function without(tree: string, path: string): string {
  repository.git('read-tree', tree)
  repository.git('update-index', '--force-remove', '--', path)
  return repository.git('write-tree')
}
