import { expect, test } from 'vitest'
import { radarText } from '../../src/doors/cli/radar-text.ts'

type Shown = Parameters<typeof radarText>[0]

const KIND = 'CONFLICT (contents)'

/** Lanes 1 to `lanes`, of which these conflict. */
function shown(lanes: number, task: number | null, ...pairs: readonly (readonly number[])[]): Shown {
  return {
    task,
    lanes: Array.from({ length: lanes }, (_, at) => ({ task: at + 1, subject: 'S', branch: `b${at + 1}` })),
    overlaps: pairs.map((tasks) => ({
      ...{ tasks, base: tasks.length === 1, kind: KIND, files: [{ path: 'x', kind: KIND }], hunks: [] },
    })),
    unknown: [],
    unseen: [],
    open: [],
    sandbox: 'walls' as const,
    failed: [],
  }
}

test('asked about one, it says nothing of the others among themselves', () => {
  expect(radarText(shown(14, 7))).toBe('#7 does not conflict with the other 13 lanes.')
  expect(radarText(shown(2, 1))).toBe('#1 does not conflict with the other lane.')
  expect(radarText(shown(1, 1))).toBe('The lane does not conflict.')
  expect(radarText(shown(2, 7))).toBe('#7 has no lane to compare.')
  expect(radarText({ ...shown(0, null), failed: [3, 4] })).toBe(
    'No lanes to compare.\n\nLeft out: the lanes of failed tasks, #3, #4.',
  )
  expect(radarText(shown(3, null))).toBe('The 3 lanes do not conflict.')
  const rows = radarText(shown(3, 2, [1, 2]))
    .split('\n')
    .filter((line) => /^│ +#/.test(line))
  expect(rows).toEqual(['│ #2 │  ·   │ ✗  │    │ ·  │'])
})

test('where it is too wide, lanes that are clean are left out; and then it says so', () => {
  const answer = shown(14, null, [1, 2], [3])
  expect(radarText(answer, 200)).toContain('#14')
  const narrow = radarText(answer, 60).split('\n')
  expect(narrow.filter((line) => /^│ +#/.test(line)).map((line) => line.slice(2, 5))).toEqual([
    '#1 ',
    '#2 ',
    '#3 ',
  ])
  expect(narrow).toContain('Left out: 11 lanes that are clean against all.')
  expect(radarText(answer, 20)).toMatch(/^The matrix is left out: it needs \d+ columns, and here are 20\.$/m)
})
