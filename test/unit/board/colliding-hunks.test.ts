import { expect, test } from 'vitest'
import { collidingHunks, type LineChange } from '../../../src/board/colliding-hunks.ts'

function change(start: number, lines: number, at: number, now: number, text = 'x'): LineChange {
  return { base: { start, lines }, side: { start: at, lines: now }, text }
}

test('what is apart by a line does not collide, what touches does', () => {
  expect(collidingHunks([change(0, 2, 0, 2)], [change(3, 1, 3, 1)])).toEqual([])
  expect(collidingHunks([change(0, 2, 0, 2)], [change(2, 1, 2, 1)])).toEqual([
    { ours: { line: 1, lines: 3 }, theirs: { line: 1, lines: 3 } },
  ])
})

test('each side is told in the lines of its own version', () => {
  // Ours has two lines more above, and one of five lines that became three; theirs deleted two of them.
  const ours = [change(0, 0, 0, 2), change(10, 5, 12, 3)]
  const theirs = [change(12, 2, 12, 0)]
  expect(collidingHunks(ours, theirs)).toEqual([
    { ours: { line: 13, lines: 3 }, theirs: { line: 11, lines: 3 } },
  ])
})

test('insertions at one place, against nothing left', () => {
  expect(collidingHunks([change(4, 0, 4, 1)], [change(3, 1, 3, 0)])).toEqual([
    { ours: { line: 4, lines: 2 }, theirs: { line: 3, lines: 0 } },
  ])
})

test('a chain of changes is one place', () => {
  const hunks = collidingHunks([change(0, 2, 0, 2), change(3, 2, 3, 2)], [change(1, 3, 1, 3, 'y')])
  expect(hunks).toEqual([{ ours: { line: 1, lines: 5 }, theirs: { line: 1, lines: 5 } }])
})

test('the same change by both is none', () => {
  expect(collidingHunks([change(1, 2, 1, 1)], [change(1, 2, 1, 1)])).toEqual([])
  expect(collidingHunks([change(1, 2, 1, 1)], [change(1, 2, 1, 1, 'y')])).toHaveLength(1)
})
