import { expect, test } from 'vitest'
import { oneSideViolations, type TreeChange, type TreeEntry } from '../../src/board/one-side.ts'

const a: TreeEntry = { mode: '100644', object: 'a' }
const b: TreeEntry = { mode: '100644', object: 'b' }
const c: TreeEntry = { mode: '100644', object: 'c' }
const executable: TreeEntry = { mode: '100755', object: 'a' }

function change(before: TreeEntry | null, after: TreeEntry | null): TreeChange[] {
  return [{ path: 'p', before, after }]
}

function kinds(ours: TreeChange[], theirs: TreeChange[], result: TreeChange[]): string[] {
  return oneSideViolations({ ours, theirs, result }).map(({ kind, side }) => `${kind} ${side}`)
}

test('a change of one side, or the same change of both, must be in the result as it is', () => {
  expect(kinds(change(a, b), [], change(a, b))).toEqual([])
  expect(kinds([], change(a, b), change(a, b))).toEqual([])
  expect(kinds(change(a, b), change(a, b), change(a, b))).toEqual([])
  expect(kinds(change(a, b), [], [])).toEqual(['different ours'])
  expect(kinds([], change(a, b), change(a, c))).toEqual(['different theirs'])
  expect(kinds(change(a, b), [], change(a, null))).toEqual(['missing ours'])
  expect(kinds([], change(null, a), [])).toEqual(['missing theirs'])
  expect(kinds(change(null, a), change(null, a), [])).toEqual(['missing both'])
})

test('a mode is part of a change', () => {
  expect(kinds(change(a, executable), [], change(a, executable))).toEqual([])
  expect(kinds(change(a, executable), [], [])).toEqual(['different ours'])
})

test('a deletion by one side that the other left alone is a deletion', () => {
  expect(kinds(change(a, null), [], change(a, null))).toEqual([])
  expect(kinds(change(a, null), [], [])).toEqual(['different ours'])
  expect(kinds(change(a, null), change(a, null), [])).toEqual(['different both'])
})

test('an edit of what the other side deleted cannot be gone', () => {
  expect(kinds(change(a, null), change(a, b), change(a, null))).toEqual(['missing theirs'])
  expect(kinds(change(a, b), change(a, null), change(a, null))).toEqual(['missing ours'])
})

test('what both changed differently may hold anything but nothing', () => {
  expect(kinds(change(a, b), change(a, c), change(a, executable))).toEqual([])
  expect(kinds(change(a, b), change(a, c), change(a, null))).toEqual(['missing both'])
})

test('a path that nobody touched stays as it is', () => {
  expect(kinds([], [], change(a, b))).toEqual(['different none'])
  expect(kinds([], [], change(a, null))).toEqual(['missing none'])
  expect(kinds([], [], change(null, a))).toEqual(['different none'])
})

test('paths on which merge bases disagree bind nobody', () => {
  const changes = { ours: change(a, b), theirs: [], result: [], undecided: new Set(['p']) }
  expect(oneSideViolations(changes)).toEqual([])
})
