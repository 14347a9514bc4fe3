import { expect, test } from 'vitest'
import { blockersOf, type DirtyPath, directoriesOf } from '../../src/board/in-the-way.ts'
import type { TreeChange, TreeEntry } from '../../src/board/one-side.ts'

const old: TreeEntry = { mode: '100644', object: 'old' }
const fresh: TreeEntry = { mode: '100644', object: 'new' }
const mine: TreeEntry = { mode: '100644', object: 'mine' }

const edit = (path: string): TreeChange => ({ path, before: old, after: fresh })
const add = (path: string): TreeChange => ({ path, before: null, after: fresh })
const remove = (path: string): TreeChange => ({ path, before: old, after: null })
const dirty = (path: string, staged: TreeEntry | null = old, onDisk = true): DirtyPath => ({
  path,
  staged,
  onDisk,
  unmerged: false,
})

function blocked(changes: TreeChange[], paths: DirtyPath[], loose: string[] = []): readonly string[] {
  return blockersOf({ dirty: paths, loose }, changes).paths
}

test('changed files block the paths that come, and no others', () => {
  expect(blocked([edit('a')], [dirty('a'), dirty('b')])).toEqual(['a'])
  expect(blocked([edit('a')], [dirty('a', mine)])).toEqual(['a'])
  expect(blocked([remove('a')], [dirty('a')])).toEqual(['a'])
  expect(blocked([add('a/b')], [dirty('ab', mine)])).toEqual([])
})

test('what is staged as it comes does not block', () => {
  expect(blocked([edit('a'), remove('b')], [dirty('a', fresh), dirty('b', null)])).toEqual([])
})

test('a file that the user deleted blocks its new version but not its deletion', () => {
  expect(blocked([edit('a')], [dirty('a', old, false)])).toEqual(['a'])
  expect(blocked([remove('a')], [dirty('a', old, false)])).toEqual([])
})

test('a merge conflict blocks everything', () => {
  expect(blocked([edit('a')], [{ ...dirty('z', null), unmerged: true }])).toEqual(['z'])
})

test('untracked files block their own path, directories that are needed there, and a file above them', () => {
  expect(blocked([add('a')], [], ['a', 'b'])).toEqual(['a'])
  expect(blocked([add('a/b/c')], [], ['a'])).toEqual(['a'])
  expect(blocked([add('a')], [], ['a/b/c'])).toEqual(['a/b/c'])
  expect(blocked([remove('a')], [], ['a/b'])).toEqual([])
})

test('at and inside a directory that git did not look into, the disk decides', () => {
  const unsure = (changes: TreeChange[], directory: string): unknown => {
    const { paths, unsure } = blockersOf({ dirty: [], loose: [directory] }, changes)
    expect(paths).toEqual([])
    return unsure
  }
  expect(unsure([add('a')], 'a/')).toEqual([{ directory: 'a', path: 'a' }])
  expect(unsure([add('a')], 'a/b/')).toEqual([{ directory: 'a/b', path: 'a/b' }])
  const inside = [{ directory: 'a/b', path: 'a/b/c' }]
  expect(unsure([add('a/b/c'), edit('a/b/d'), add('a/x')], 'a/b/')).toEqual(inside)
})

test('directories of a path, nearest first', () => {
  expect(directoriesOf('a/b/c')).toEqual(['a/b', 'a'])
  expect(directoriesOf('a')).toEqual([])
})
