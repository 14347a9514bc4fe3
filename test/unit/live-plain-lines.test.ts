import { expect, test } from 'vitest'
import type { LedgerEvent } from '../../src/board/event.ts'
import { plainLine } from '../../src/doors/cli/live/plain-lines.ts'

const SUBJECTS = new Map([[7, 'add login']])
const TIME = '2026-11-22T12:03:04.000Z'
const date = new Date(TIME)
const CLOCK = [date.getHours(), date.getMinutes(), date.getSeconds()]
  .map((n) => String(n).padStart(2, '0'))
  .join(':')

function event(type: LedgerEvent['type'], subject: string, data: Record<string, unknown> = {}): LedgerEvent {
  return { seq: 1, type, subject, time: TIME, actor: 'engine', epoch: null, data }
}

test('a verify run is told as it begins and ends', () => {
  const said = (type: LedgerEvent['type'], data: Record<string, unknown>) =>
    plainLine(event(type, 'verify/3', data), SUBJECTS)
  expect(said('verify.started', { tasks: [7, 8] })).toBe(`${CLOCK}  verifying #7 #8`)
  expect(said('verify.ended', { tasks: [7, 8], result: 'red' })).toBe(`${CLOCK}  verify of #7 #8 failed`)
  expect(said('verify.ended', { tasks: [], result: 'green' })).toBe(`${CLOCK}  verify of base passed`)
  const many = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  expect(said('verify.started', { tasks: many })).toBe(
    `${CLOCK}  verifying #1 #2 #3 #4 #5 #6 #7 #8 and 2 more`,
  )
})

test.each([
  ['run.started', 'run/3', { task: 7, command: '/opt/claude -p' }, 'started claude'],
  ['lane.setup_started', 'lane/3', { task: 7, command: 'npm ci' }, 'setting up: npm ci'],
  [
    'lane.setup_failed',
    'lane/3',
    { task: 7, reason: 'its output ends with: a / b' },
    'set-up failed: its output ends with: a / b; see: worklane logs 7',
  ],
  [
    'lane.quarantined',
    'lane/3',
    { task: 7, reason: 'It holds a file that is too large', kind: 'rejected' },
    'its lane was set aside: It holds a file that is too large; see: worklane archive list',
  ],
  [
    'lane.quarantined',
    'lane/3',
    { task: 7, reason: 'Two worked in it at once', kind: 'diverged' },
    'its lane was set aside: Two worked in it at once; see: worklane lane show 7',
  ],
  ['run.ended', 'run/3', { task: 7, outcome: 'completed', detail: '2 commits.' }, 'done: 2 commits.'],
  [
    'run.ended',
    'run/3',
    { task: 7, outcome: 'failed', detail: 'The check `npm test` failed.\n\nlog\nlog' },
    'attempt failed: The check `npm test` failed.',
  ],
  [
    'run.ended',
    'run/3',
    { task: 7, outcome: 'timed_out', detail: 'The time limit was reached.' },
    'attempt failed: The time limit was reached.',
  ],
  [
    'run.ended',
    'run/3',
    { task: 7, outcome: 'stopped', detail: 'Stopped on request.' },
    'stopped; its work is kept',
  ],
  [
    'run.ended',
    'run/3',
    { task: 7, outcome: 'lost', detail: 'The engine that ran it is gone.' },
    'interrupted: The engine that ran it is gone.',
  ],
  [
    'task.failed',
    'task/7',
    { failures: 3, note: 'x' },
    'failed after 3 attempts; see: worklane logs 7; again: worklane task retry 7',
  ],
  [
    'task.landed',
    'task/7',
    { commit: '3f2a1b0c9d', base: 'main', verified: true },
    'landed on main (3f2a1b0)',
  ],
  [
    'task.landed',
    'task/7',
    { commit: '3f2a1b0c9d', base: 'main', verified: false },
    'landed on main (3f2a1b0), not verified',
  ],
  ['task.landed', 'task/7', { change: false }, 'done: no change was needed'],
  [
    'landing.conflicted',
    'landing/2',
    { task: 7, reason: 'conflicts with main', files: ['a.ts', 'b.ts'] },
    'conflicts with main: a.ts, b.ts',
  ],
  ['landing.rejected', 'landing/2', { task: 7, reason: '`npm test` failed' }, 'rejected: `npm test` failed'],
  ['landing.held', 'landing/2', { task: 7, reason: 'in the way', files: ['a.ts'] }, 'held: in the way: a.ts'],
  ['landing.released', 'landing/2', { task: 7 }, 'no longer held'],
  [
    'landing.requeued',
    'landing/2',
    { task: 7, reason: 'main moved meanwhile' },
    'back in the queue: main moved meanwhile',
  ],
  [
    'overlap.found',
    'task/7',
    { tasks: [7, 9], kind: 'CONFLICT (contents)', files: ['a.ts'] },
    'would conflict with #9: a.ts',
  ],
  ['task.returned', 'task/7', { reason: 'review', note: 'use\nzod' }, 'sent back: use zod'],
  ['task.cancelled', 'task/7', {}, 'cancelled'],
] as const)('%s of %s with %j', (type, subject, data, words) => {
  expect(plainLine(event(type, subject, data), SUBJECTS)).toBe(`${CLOCK}  #7 add login  ${words}`)
})

test('a stop of the engine is told; steps on the way are not', () => {
  expect(plainLine(event('engine.stop_requested', 'engine'), SUBJECTS)).toBe(
    `${CLOCK}  stopping: waiting for the agents`,
  )
  const quiet = [
    'task.added',
    'task.claimed',
    'lane.created',
    'landing.started',
    'landing.landed',
    'base.moved',
  ] as const
  for (const type of quiet) expect(plainLine(event(type, 'task/7', { task: 7 }), SUBJECTS)).toBeNull()
  expect(plainLine(event('run.ended', 'run/1', { task: 7, outcome: 'no_change' }), SUBJECTS)).toBeNull()
  const again = { task: 7, reason: 'stacked again without task 9', without: 9 }
  expect(plainLine(event('landing.requeued', 'landing/2', again), SUBJECTS)).toBeNull()
  expect(plainLine(event('task.returned', 'task/7', { reason: 'conflict', note: 'x' }), SUBJECTS)).toBeNull()
})

test.each([
  [
    'base.moved',
    'base/main',
    { from: 'a', to: '3f2a1b0c4d', by: 'other' },
    'main moved to 3f2a1b0, not by a landing; landings go on from there',
  ],
  [
    'repository.hooks_changed',
    'repository',
    { added: ['pre-commit'], changed: [], removed: ['x\n\u001b[2J'] },
    'hooks changed: pre-commit added, x gone; if it was not you, see: worklane doctor',
  ],
  [
    'repository.config_changed',
    'repository',
    { changed: ['core.bare'] },
    "git's configuration changed: core.bare changed; if it was not you, see: worklane doctor",
  ],
  [
    'repository.refs_changed',
    'repository',
    { vanished: [{ ref: 'refs/heads/hers', at: '3f2a1b0c4d' }, 5] },
    'refs are gone, not by Worklane: hers (3f2a1b0)',
  ],
] as const)('%s of what all share', (type, subject, data, words) => {
  expect(plainLine(event(type, subject, data), SUBJECTS)).toBe(`${CLOCK}  ${words}`)
})

test('branches and tags that others make and move are ordinary work, and so is what git removes of its own', () => {
  const stash = { ref: 'refs/stash', at: 'a' }
  const moved = [{ ref: 'refs/tags/v1', from: 'b', to: 'c' }]
  const line = (data: Record<string, unknown>) =>
    plainLine(event('repository.refs_changed', 'repository', data), SUBJECTS)
  expect(line({ appeared: [{ ref: 'refs/heads/x', at: 'a' }], moved, vanished: [] })).toBeNull()
  expect(line({ appeared: [], moved: [], vanished: [stash] })).toBeNull()
})

test('an event without what it should carry is read as far as it goes', () => {
  expect(plainLine(event('task.landed', 'task/9'), SUBJECTS)).toBe(`${CLOCK}  #9  landed`)
  expect(plainLine(event('landing.held', 'landing/1', { task: 7, files: 5 }), SUBJECTS)).toBe(
    `${CLOCK}  #7 add login  held`,
  )
  for (const task of [undefined, 'x', -1, 1.5, {}])
    expect(plainLine(event('landing.held', 'landing/1', { task }), SUBJECTS)).toBeNull()
})

test('nothing that others wrote reaches the terminal as it is, and subjects are cut', () => {
  const evil = '\x1b[2J\x1b]0;x\x07\nfake line \u202e'
  const data = {
    task: 7,
    outcome: 'failed',
    detail: evil,
    command: `${evil}claude`,
    reason: evil,
    files: [evil],
  }
  for (const type of ['run.started', 'run.ended', 'landing.held', 'landing.rejected'] as const)
    expect(plainLine(event(type, 'run/1', data), new Map([[7, evil + 'long '.repeat(40)]]))).not.toMatch(
      /[\p{Cc}\p{Cf}]/u,
    )
  const long = plainLine(event('task.cancelled', 'task/7'), new Map([[7, 'long '.repeat(40)]]))
  expect(long).toMatch(/ #7 (long ){11}long…{0,1}.{0,3} {2}cancelled$/)
})
