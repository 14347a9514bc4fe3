import { describe, expect, test } from 'vitest'
import { makeCandidate } from '../../src/host/git/candidate.ts'
import { type TestTree, writeHistory } from '../fixtures/history.ts'
import { makeRepository } from '../fixtures/repository.ts'

const LIST = 'one\ntwo\nthree\nfour\n'

interface Landed {
  readonly kind: string
  /** Content of the paths in the candidate; null: not there. */
  readonly files: Readonly<Record<string, string>>
  readonly resolved: readonly object[]
  readonly trailers: string
  readonly parents: number
}

async function land(
  trees: readonly [base: TestTree, ours: TestTree, theirs: TestTree],
  style: 'merge' | 'squash' | 'rebase' = 'merge',
): Promise<Landed> {
  using repository = makeRepository()
  const { git, gitDir: commonDir } = repository
  const [root, base, result] = trees
  writeHistory(repository, [
    { branch: 'root', tree: root },
    { branch: 'base', tree: base, from: ['root'] },
    { branch: 'result', tree: result, from: ['root'] },
  ])
  const made = await makeCandidate(
    { commonDir },
    {
      style,
      base: git('rev-parse', 'base'),
      result: git('rev-parse', 'result'),
      message: { subject: 'Land it', body: '', trailers: [['Worklane-Task', '7']] },
      sign: false,
      resolve: { changelogs: ['CHANGELOG*'] },
    },
  )
  if (made.kind !== 'candidate') return { kind: made.kind, files: {}, resolved: [], trailers: '', parents: 0 }
  const { commit, resolved } = made
  const names = git('ls-tree', '-r', '-z', '--name-only', commit).split('\0').filter(Boolean)
  return {
    kind: made.kind,
    files: Object.fromEntries(
      names.map((name) => [name, `${git('cat-file', 'blob', `${commit}:${name}`)}\n`]),
    ),
    resolved,
    trailers: git('show', '-s', '--format=%(trailers:key=Worklane-Resolved,valueonly)', commit).trim(),
    parents: git('rev-list', '--parents', '-1', commit).split(' ').length - 1,
  }
}

describe('what git calls a conflict and rules resolve', () => {
  test('adjacent lines, told in a trailer, beside files that merge', async () => {
    const landed = await land([
      { 'dir/ä.txt': LIST, other: 'x\n' },
      { 'dir/ä.txt': LIST.replace('two', 'TWO'), other: 'x\n', new: 'n\n' },
      { 'dir/ä.txt': LIST.replace('three', 'THREE'), other: 'y\n' },
    ])
    expect(landed).toEqual({
      kind: 'candidate',
      files: { 'dir/ä.txt': 'one\nTWO\nTHREE\nfour\n', other: 'y\n', new: 'n\n' },
      resolved: [{ path: 'dir/ä.txt', rule: 'adjacent-lines' }],
      trailers: 'adjacent-lines dir/ä.txt',
      parents: 2,
    })
  })

  test('a changelog, as one commit too: base comes first', async () => {
    const log = (entry: string): TestTree => ({ 'docs/Changelog.md': `# Changes\n\n${entry}- old\n` })
    const landed = await land([log(''), log('- base\n'), log('- task\n')], 'squash')
    expect(landed).toMatchObject({
      files: { 'docs/Changelog.md': '# Changes\n\n- base\n- task\n- old\n' },
      trailers: 'changelog docs/Changelog.md',
      parents: 1,
    })
  })

  test('bytes that are no text, line ends of Windows, a mode that one side changed', async () => {
    const base = 'caf\u00e9\r\nb\r\nc\r\n'
    const landed = await land([
      { f: base },
      { f: { mode: '100755', content: base.replace('b', 'B') } },
      { f: base.replace('c\r', 'C\r') },
    ])
    expect(landed.files).toEqual({ f: 'caf\u00e9\r\nB\r\nC\r\n' })
  })
})

describe('what stays a conflict', () => {
  test.each<[string, [TestTree, TestTree, TestTree]]>([
    ['the same line', [{ f: LIST }, { f: LIST.replace('two', 'x') }, { f: LIST.replace('two', 'y') }]],
    [
      'insertions at one place that are no changelog',
      [{ f: LIST }, { f: `${LIST}x\n` }, { f: `${LIST}y\n` }],
    ],
    [
      'what a program writes as a whole',
      [
        { 'a/yarn.lock': LIST },
        { 'a/yarn.lock': LIST.replace('two', 'x') },
        { 'a/yarn.lock': LIST.replace('three', 'y') },
      ],
    ],
    ['added by both', [{ a: 'a\n' }, { a: 'a\n', f: 'x\n' }, { a: 'a\n', f: 'y\n' }]],
    ['deleted and changed', [{ a: 'a\n', f: LIST }, { a: 'a\n' }, { a: 'a\n', f: LIST.replace('two', 'x') }]],
    [
      'renamed and changed beside it',
      [{ f: LIST }, { g: LIST.replace('two', 'TWO') }, { f: LIST.replace('three', 'THREE') }],
    ],
    [
      'one of two files',
      [
        { f: LIST, g: LIST },
        { f: LIST.replace('two', 'x'), g: LIST.replace('two', 'x') },
        { f: LIST.replace('three', 'y'), g: LIST.replace('two', 'y') },
      ],
    ],
    [
      'binary',
      [
        { f: `a\0\n${LIST}` },
        { f: `a\0\n${LIST.replace('two', 'x')}` },
        { f: `a\0\n${LIST.replace('three', 'y')}` },
      ],
    ],
  ])('%s', async (_, trees) => {
    expect((await land(trees)).kind).toBe('conflict')
  })

  test('adjacent lines where commits are replayed one by one', async () => {
    const trees = [{ f: LIST }, { f: LIST.replace('two', 'x') }, { f: LIST.replace('three', 'y') }] as const
    expect((await land(trees, 'rebase')).kind).toBe('conflict')
  })
})

test('a conflict resolved by merging base lands as one commit where commits are replayed', async () => {
  using repository = makeRepository()
  const { git, gitDir: commonDir } = repository
  writeHistory(repository, [
    { branch: 'root', tree: { f: LIST } },
    { branch: 'base', tree: { f: LIST.replace('two', 'x') }, from: ['root'] },
    { branch: 'lane', tree: { f: LIST.replace('two', 'y') }, from: ['root'] },
    { branch: 'result', tree: { f: LIST.replace('two', 'x\ny') }, from: ['lane', 'base'] },
  ])
  const made = await makeCandidate(
    { commonDir },
    {
      style: 'rebase',
      base: git('rev-parse', 'base'),
      result: git('rev-parse', 'result'),
      message: { subject: 'Land it', body: '', trailers: [] },
      sign: false,
    },
  )
  const commit = made.kind === 'candidate' ? made.commit : ''
  expect(git('show', `${commit}:f`)).toBe('one\nx\ny\nthree\nfour')
  expect(git('rev-parse', `${commit}^@`)).toBe(git('rev-parse', 'base'))
})
