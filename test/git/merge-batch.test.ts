import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { mergeTrees } from '../../src/host/git/merge.ts'
import { type BatchAnswer, mergeBatch } from '../../src/host/git/merge-batch.ts'
import { type ObjectStore, openObjectStore } from '../../src/host/git/object-store.ts'
import { asText } from '../../src/host/git/path-bytes.ts'
import { type TestTree, writeHistory } from '../fixtures/history.ts'
import { makeRepository, type TestRepository, temporaryDirectory } from '../fixtures/repository.ts'

async function storeOf(repository: TestRepository): Promise<ObjectStore> {
  const objects = join(repository.gitDir, 'cache', 'objects')
  return await openObjectStore({ commonDir: repository.gitDir, objects })
}

/** Branches `a`, `b`… with their trees, all from one `base`; every two of them as a pair such as `ab`. */
function lanes(base: TestTree, sides: Readonly<Record<string, TestTree>>): TestRepository {
  const repository = makeRepository()
  writeHistory(repository, [
    { branch: 'base', tree: base },
    ...Object.entries(sides).map(([branch, tree]) => ({ branch, tree, from: ['base'] })),
  ])
  return repository
}

function pairsOf(
  repository: TestRepository,
  ...names: string[]
): { key: string; ours: string; theirs: string }[] {
  const commit = new Map(
    [...new Set(names.join(''))].map((name) => [name, repository.git('rev-parse', name)]),
  )
  return names.map((key) => {
    const [ours = '', theirs = ''] = [...key].map((name) => commit.get(name) ?? '')
    return { key, ours, theirs }
  })
}

/** As `mergeTrees` tells it. */
function plain(answer: BatchAnswer | undefined): unknown {
  if (answer?.kind !== 'conflict') return answer
  return { ...answer, files: answer.files.map(({ path, kind }) => ({ path: asText(path), kind })) }
}

const SIDES = {
  a: { f: 'a\n', 'ü/g': '1\n', h: '1\n' },
  b: { f: 'b\n', 'ü/g': 'b\n', h: '1\n' },
  c: { f: '1\n', 'ü/g': 'c\n', h: '1\n', 'n/ö b': 'c\n' },
  d: { f: '1\n', 'ü/g': '1\n', 'h/x': 'd\n' },
  e: { f: '1\n', 'ü/g': '1\n', h: 'e\n' },
}

test('many pairs at once: each as if it had been asked alone, and the store does not grow', async () => {
  using repository = lanes({ f: '1\n', 'ü/g': '1\n', h: '1\n' }, SIDES)
  const store = await storeOf(repository)
  const names = ['ab', 'ba', 'ac', 'ad', 'bc', 'cd', 'de', 'ed', 'aa']
  const pairs = pairsOf(repository, ...names)
  const count = repository.git('count-objects')
  const answers = await mergeBatch(store, pairs)
  expect(repository.git('count-objects')).toBe(count)
  expect(readdirSync(store.objects)).toEqual(['info'])
  expect(new Set([...answers.values()].map(({ kind }) => kind))).toEqual(new Set(['clean', 'conflict']))
  for (const { key, ours, theirs } of pairs)
    expect([key, plain(answers.get(key))]).toEqual([
      key,
      await mergeTrees({ commonDir: repository.gitDir }, ours, theirs),
    ])
})

test('submodules that both moved: git adds advice that is no record, and the pairs after it are answered', async () => {
  using repository = makeRepository()
  const at = (digit: string): string => `M 160000 ${digit.repeat(40)} sub\n`
  const commit = (branch: string, digit: string, from = ''): string =>
    `commit refs/heads/${branch}\ncommitter T <t@example.test> 1 +0000\ndata 0\n${from}${at(digit)}`
  const from = 'from refs/heads/base\n'
  const stream = [commit('base', '1'), commit('a', '2', from), commit('b', '3', from), commit('c', '1', from)]
  execFileSync('git', ['fast-import', '--quiet'], { cwd: repository.root, input: stream.join('') })
  const answers = await mergeBatch(await storeOf(repository), pairsOf(repository, 'ab', 'ac', 'ba', 'bc'))
  expect([...answers.values()].map(({ kind }) => kind)).toEqual(['conflict', 'clean', 'conflict', 'clean'])
  expect(plain(answers.get('ab'))).toEqual(await mergeTrees({ commonDir: repository.gitDir }, 'a', 'b'))
})

test('kept trees are in the store, and merges read what is only there', async () => {
  using repository = lanes({ f: '1\n' }, { a: { f: '1\n', x: '1\n' }, b: { f: 'b\n' } })
  const store = await storeOf(repository)
  const answers = await mergeBatch(store, pairsOf(repository, 'ab'), { keep: true })
  const answer = answers.get('ab')
  const tree = answer?.kind === 'clean' ? answer.tree : ''
  const env = { ...process.env, GIT_OBJECT_DIRECTORY: store.objects }
  const run = (...args: string[]): string =>
    execFileSync('git', args, { cwd: repository.root, encoding: 'utf8', env }).trim()
  expect(run('ls-tree', '--name-only', tree)).toBe('f\nx')
  const ours = run('commit-tree', '-p', 'base', '-m', 'only in the store', tree)
  const [pair] = pairsOf(repository, 'ab')
  const again = await mergeBatch(store, [{ key: 'k', ours, theirs: pair?.theirs ?? '' }])
  expect(again.get('k')).toEqual({ kind: 'clean', tree })
  expect(() => repository.git('cat-file', '-e', ours)).toThrow()
})

test('what git cannot say is unknown for that pair, and no other', async () => {
  using repository = lanes(
    { f: '1\n', 'd/x': '1\n' },
    { a: { f: 'a\n', 'd/x': '1\n' }, b: { f: '1\n', 'd/x': 'b\n' }, c: { f: '1\n', 'd/x': '1\n', y: 'c\n' } },
  )
  const store = await storeOf(repository)
  writeHistory(repository, [{ branch: 'u', tree: { f: 'unrelated\n' } }])
  writeHistory(repository, [{ branch: 'r', tree: { f: 'r\n' }, from: ['base'] }])
  const nobody = { key: 'nobody', ours: '1'.repeat(40), theirs: repository.git('rev-parse', 'a') }
  const odd = { key: 'odd', ours: '--help', theirs: 'a\nb' }
  const pairs = [...pairsOf(repository, 'au', 'ab', 'br', 'ac', 'ar', 'bc'), nobody, odd]
  for (const object of ['b:d', 'r^{tree}']) forget(repository, object)
  const answers = await mergeBatch(store, pairs)
  const kinds = Object.fromEntries([...answers].map(([key, { kind }]) => [key, kind]))
  expect(kinds).toEqual({
    ...{ au: 'unknown', ab: 'unknown', br: 'unknown', ar: 'unknown', bc: 'unknown' },
    ...{ nobody: 'unknown', odd: 'unknown', ac: 'clean' },
  })
})

test('the tree of the merge base is read too', async () => {
  using repository = lanes({ 'd/x': '1\n', f: '1\n' }, { a: { 'd/x': 'a\n' }, b: { 'd/x': 'b\n', f: '1\n' } })
  const pairs = pairsOf(repository, 'ab')
  forget(repository, 'base:d')
  expect((await mergeBatch(await storeOf(repository), pairs)).get('ab')).toMatchObject({ kind: 'unknown' })
})

function forget(repository: TestRepository, object: string): void {
  const id = repository.git('rev-parse', object)
  rmSync(join(repository.gitDir, 'objects', id.slice(0, 2), id.slice(2)))
}

test('criss-cross history: the answer of one merge alone', async () => {
  using repository = makeRepository()
  const tree = (f: string, g: string): TestTree => ({ f: `${f}\n`, g: `${g}\n` })
  writeHistory(repository, [
    { branch: 'root', tree: tree('0', '0') },
    { branch: 'left', tree: tree('left', '0'), from: ['root'] },
    { branch: 'right', tree: tree('0', 'right'), from: ['root'] },
    { branch: 'a', tree: tree('left', 'right'), from: ['left', 'right'] },
    { branch: 'b', tree: tree('left', 'other'), from: ['right', 'left'] },
  ])
  const answers = await mergeBatch(await storeOf(repository), pairsOf(repository, 'ab'))
  expect(plain(answers.get('ab'))).toEqual(await mergeTrees({ commonDir: repository.gitDir }, 'a', 'b'))
})

/** A git on PATH that meets an end at merges that its input names; everything else is the real one. */
function fatalGit(directory: string, commit: string, end: string): void {
  const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim()
  const script = `#!/bin/sh
case " $* " in *" merge-tree "*) ;; *) exec ${real} "$@";; esac
input=$(cat)
case "$input" in
  *${commit}*) printf '%s\\n' "$input" | sed '/${commit}/,$d' | ${real} "$@" ${end};;
  *) printf '%s\\n' "$input" | exec ${real} "$@";;
esac
`
  writeFileSync(join(directory, 'git'), script)
  chmodSync(join(directory, 'git'), 0o755)
}

test.each([
  ['git dies, its answers told', '; exit 128'],
  ['git is aborted, and its answers are lost', '> /dev/null; kill -ABRT $$'],
  ['git is aborted, and an answer is torn', '| head -c 50; kill -ABRT $$'],
  ['git hangs', '; exec sleep 1000'],
])('%s: one pair is unknown, the rest is merged', async (_, end) => {
  using repository = lanes({ f: '1\n', h: '1\n' }, { ...SIDES, z: { f: 'z\n', h: '1\n' } })
  const store = await storeOf(repository)
  const names = ['ab', 'cd', 'ac', 'bc', 'de', 'be', 'ce', 'az', 'ad']
  const pairs = pairsOf(repository, ...names)
  const expected = await mergeBatch(store, pairs)
  const directory = temporaryDirectory()
  fatalGit(directory, repository.git('rev-parse', 'z'), end)
  vi.stubEnv('PATH', `${directory}:${process.env.PATH}`)
  try {
    const answers = await mergeBatch(store, pairs, { patience: 1500 })
    expect(answers.get('az')).toMatchObject({ kind: 'unknown' })
    for (const name of names) if (name !== 'az') expect(answers.get(name)).toEqual(expected.get(name))
  } finally {
    vi.unstubAllEnvs()
    rmSync(directory, { recursive: true })
  }
})

test('no time left is unknown, never clean', async () => {
  using repository = lanes({ f: '1\n', h: '1\n' }, SIDES)
  const answers = await mergeBatch(await storeOf(repository), pairsOf(repository, 'ac'), { timeout: 0 })
  expect(answers.get('ac')).toMatchObject({ kind: 'unknown' })
})
