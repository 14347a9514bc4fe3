import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OverlapHunk } from '../../src/board/overlap.ts'
import { hunksOf } from '../../src/host/git/hunks.ts'
import { mergeBatch } from '../../src/host/git/merge-batch.ts'
import { openObjectStore } from '../../src/host/git/object-store.ts'
import { type TestTree, writeHistory } from '../fixtures/history.ts'
import { makeRepository } from '../fixtures/repository.ts'

async function hunks(base: TestTree, ours: TestTree, theirs: TestTree): Promise<OverlapHunk[]> {
  using repository = makeRepository()
  writeHistory(repository, [
    { branch: 'base', tree: base },
    { branch: 'ours', tree: ours, from: ['base'] },
    { branch: 'theirs', tree: theirs, from: ['base'] },
  ])
  const { gitDir: commonDir } = repository
  const store = await openObjectStore({ commonDir, objects: join(commonDir, 'cache', 'objects') })
  const [one = '', two = ''] = ['ours', 'theirs'].map((name) => repository.git('rev-parse', name))
  const answer = (await mergeBatch(store, [{ key: 'k', ours: one, theirs: two }])).get('k')
  if (answer?.kind !== 'conflict') throw new Error(`The merge is ${answer?.kind}.`)
  const found = await hunksOf(store, answer.files)
  return answer.files.flatMap((file) => found.get(file) ?? [])
}

function lines(changed: Record<number, string>, count = 30): string {
  return Array.from({ length: count }, (_, at) => changed[at + 1] ?? `${at + 1}\n`).join('')
}

test('the lines of each side, of several files and several places, and not what merges', async () => {
  const base = { f: lines({}), ü: lines({}), g: lines({}) }
  const ours = { f: lines({ 2: 'a\nb\nc\n', 20: 'ours\n' }), ü: lines({ 5: '' }), g: lines({ 1: 'x\n' }) }
  const theirs = {
    f: lines({ 10: 'theirs\n', 20: 'theirs\n', 21: '' }),
    ü: lines({ 5: 'theirs\n' }),
    g: lines({ 29: 'x\n' }),
  }
  expect(await hunks(base, ours, theirs)).toEqual([
    { path: 'f', ours: { line: 22, lines: 2 }, theirs: { line: 20, lines: 1 } },
    { path: Buffer.from('ü').toString('latin1'), ours: { line: 4, lines: 0 }, theirs: { line: 5, lines: 1 } },
  ])
})

test('an edit of a file that the other side renamed and edited', async () => {
  const found = await hunks({ f: lines({}) }, { n: lines({ 3: 'ours\n' }) }, { f: lines({ 3: 'theirs\n' }) })
  expect(found).toEqual([{ path: 'n', ours: { line: 3, lines: 1 }, theirs: { line: 3, lines: 1 } }])
})

test('a file that both added collides as a whole', async () => {
  const found = await hunks({ f: '1\n' }, { f: '1\n', n: 'a\nb\n' }, { f: '1\n', n: 'c\n' })
  expect(found).toEqual([{ path: 'n', ours: { line: 1, lines: 2 }, theirs: { line: 1, lines: 1 } }])
})

test('no lines are told where there are none: binary, deleted, link against file', async () => {
  const base = { b: 'a\0b\n', d: '1\n', l: '1\n' }
  const ours = { b: 'ours\0\n', d: '2\n', l: { mode: '120000', content: 'x' } } as const
  expect(await hunks(base, ours, { b: 'theirs\0\n', l: '2\n' })).toEqual([])
})

test('what looks like a diff in a file is read as a line of it', async () => {
  const odd = '@@ -1 +1 @@\rdiff --git 7 7\r@@ -5,2 +5,2 @@\n'
  const found = await hunks({ f: lines({}) }, { f: lines({ 4: odd }) }, { f: lines({ 4: `-${odd}+${odd}` }) })
  expect(found).toEqual([{ path: 'f', ours: { line: 4, lines: 1 }, theirs: { line: 4, lines: 2 } }])
})
