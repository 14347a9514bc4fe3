import { expect, test } from 'vitest'
import type { Overlap } from '../../../src/board/overlap.ts'
import { overlapChanges, overlapNote } from '../../../src/board/overlap-change.ts'

const overlap = (tasks: number[], path = 'x', base = tasks.length === 1): Overlap => ({
  ...{ tasks, base, kind: 'CONFLICT (contents)', files: [{ path, kind: 'CONFLICT (contents)' }] },
  hunks: [{ path, ours: { line: 3, lines: 2 }, theirs: { line: 9, lines: 0 } }],
})
const known = (id: number, taskId: number, otherId: number | null, path = 'x') => {
  const { kind, files, hunks } = overlap([taskId], path)
  return { id, taskId, otherId, kind, files, hunks }
}

test('a look is compared with what is known; what it could not see stays', () => {
  const before = [known(1, 1, 2), known(2, 1, 3), known(3, 1, null), known(4, 4, 5)]
  const look = {
    overlaps: [overlap([1, 2]), overlap([1], 'y'), overlap([2, 3])],
    unknown: [{ tasks: [4, 5], base: false, reason: 'git failed' }],
  }
  const { found, changed, gone } = overlapChanges(before, look)
  expect(found).toEqual([overlap([2, 3])])
  expect(changed.map(({ known: { id }, now }) => [id, now.files[0]?.path])).toEqual([[3, 'y']])
  expect(gone.map(({ id }) => id)).toEqual([2])
  expect(overlapChanges(before, { ...look, unknown: [] }).gone.map(({ id }) => id)).toEqual([2, 4])
})

test('what is found is told in the order of its weight', () => {
  const heavy = overlap([3, 4])
  const two = { ...heavy, hunks: [...heavy.hunks, ...heavy.hunks] }
  const three = {
    ...overlap([5, 6]),
    files: ['x', 'y', 'z'].map((path) => ({ path, kind: 'CONFLICT (contents)' })),
  }
  const { found } = overlapChanges([], {
    overlaps: [overlap([1, 2]), two, three, overlap([7, 8])],
    unknown: [],
  })
  expect(found.map(({ tasks }) => tasks[0])).toEqual([5, 3, 1, 7])
})

test('each side reads its own lines first', () => {
  const of = (isFirst: boolean) => overlapNote(overlap([1, 2]), { other: 2, subject: 'S', isFirst })
  expect(of(true)).toContain('- x: lines 3-4 here, after line 9 there')
  expect(of(false)).toContain('- x: after line 9 here, lines 3-4 there')
})
