import { expect, test } from 'vitest'
import { canShowLive } from '../../src/doors/cli/live/can-show-live.ts'
import { landedLast } from '../../src/doors/cli/live/landed-last.ts'
import { shareRows } from '../../src/doors/cli/live/share-rows.ts'
import { summaryLines } from '../../src/doors/cli/live/summary.ts'
import type { RunSummary } from '../../src/operations/snapshot.ts'
import { snapshot, taskView } from '../fixtures/run-snapshots.ts'

const DONE: RunSummary = {
  branches: [],
  landed: [1, 2],
  unfinished: [],
  base: 'main',
  commit: '3f2a1b0c9d',
  verify: 'npm test',
  verified: true,
  interrupted: false,
  took: 185_000,
}

test('all landed', () => {
  expect(summaryLines(DONE)).toEqual([
    'Landed 2 of 2 tasks in 3m05s: #1 #2',
    'main is at 3f2a1b0, verified with `npm test`.',
  ])
})

test('what did not land says why and what to type; those that go on alike share that line', () => {
  const summary: RunSummary = {
    ...DONE,
    interrupted: true,
    unfinished: [
      {
        id: 3,
        subject: 'three',
        state: 'failed',
        reason: 'The check failed.\n\nlog',
        files: [],
        next: 'worklane logs 3',
      },
      { id: 4, subject: 'four', state: 'pending', reason: null, files: [], next: 'worklane run' },
      {
        id: 5,
        subject: 'five',
        state: 'completed',
        reason: 'in the way: a.ts',
        files: [],
        next: 'worklane land 5',
      },
      {
        id: 6,
        subject: 'six',
        state: 'pending',
        reason: 'waits for task 4',
        files: [],
        next: 'worklane run',
      },
    ],
  }
  expect(summaryLines(summary)).toEqual([
    'Landed 2 of 6 tasks in 3m05s: #1 #2',
    '',
    'Not landed: 4 tasks',
    '  #3 three (failed): The check failed.',
    '     → worklane logs 3',
    '  #4 four (pending)',
    '  #6 six (pending): waits for task 4',
    '     → worklane run',
    '  #5 five (done): in the way: a.ts',
    '     → worklane land 5',
    '',
    'main is at 3f2a1b0, verified with `npm test`.',
    'Stopped before the end; all work is kept. Go on with: worklane run',
  ])
})

test.each<[Partial<RunSummary>, string]>([
  [
    { verify: null, verified: false },
    'main is at 3f2a1b0, not verified: no verify command. Give one with: worklane run --verify COMMAND',
  ],
  [{ verified: false }, 'main is at 3f2a1b0, but not everything was verified with `npm test`.'],
  [
    {
      landed: [],
      unfinished: [{ id: 1, subject: 'x', state: 'pending', reason: null, files: [], next: 'worklane run' }],
    },
    'main is at 3f2a1b0: nothing landed.',
  ],
])('base after %j', (change, words) => {
  expect(summaryLines({ ...DONE, ...change }).at(-1)).toBe(words)
})

test('nothing to do', () => {
  expect(summaryLines({ ...DONE, landed: [] })).toEqual([
    'Nothing to do: no task is open. Add one with: worklane task add SUBJECT',
  ])
})

test('the summary is harmless too', () => {
  const evil = '\x1b[2J\x1b]0;x\x07\nfake\u202e'
  const unfinished = [{ id: 3, subject: evil, state: 'failed' as const, reason: evil, files: [], next: evil }]
  for (const line of summaryLines({ ...DONE, base: evil, verify: evil, commit: evil, unfinished }))
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u)
})

test('the newest landed come first, as they were seen', () => {
  const landed = (...ids: number[]) => snapshot(ids.map((id) => taskView(id, { state: 'landed' })))
  const first = landedLast([], landed(1, 5))
  expect(first).toEqual([5, 1])
  expect(landedLast(first, landed(1, 5))).toBe(first)
  expect(landedLast(first, landed(1, 3, 5))).toEqual([3, 5, 1])
})

test.each([
  [[5, 3], 20, [5, 3]],
  [[50, 8], 10, [7, 3]],
  [[50, 1, 1, 1], 6, [3, 1, 1, 1]],
  [[2, 50], 10, [2, 8]],
  [[3, 3], 0, [0, 0]],
])('groups of %j in %i lines get %j', (wanted, room, shares) => {
  expect(shareRows(wanted, room)).toEqual(shares)
})

test.each([
  [true, {}, true],
  [true, { TERM: 'xterm', CI: '' }, true],
  [true, { CI: 'false' }, true],
  [false, {}, false],
  [true, { TERM: 'dumb' }, false],
  [true, { CI: 'true' }, false],
  [true, { INK_SCREEN_READER: 'true' }, false],
])('a terminal %s with %j shows the live view: %s', (isTTY, env, expected) => {
  expect(canShowLive({ isTTY }, env)).toBe(expected)
})
