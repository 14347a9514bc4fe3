import { describe, expect, test } from 'vitest'
import { lineText } from '../../src/doors/cli/live/line.ts'
import { width } from '../../src/doors/cli/live/terminal-text.ts'
import { type Size, viewModel } from '../../src/doors/cli/live/view-model.ts'
import type { RunSnapshot, TaskView } from '../../src/operations/snapshot.ts'
import { landing, START, snapshot, taskView, working } from '../fixtures/run-snapshots.ts'

const WIDE: Size = { columns: 120, rows: 40 }
const SIZES: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 40, rows: 10 },
  { columns: 200, rows: 60 },
  { columns: 12, rows: 4 },
  { columns: 1, rows: 1 },
]
const SUBJECTS = [
  'add login',
  '日本語のドキュメントを更新する、とても長い件名で折り返しそうなもの',
  'family 👩‍👩‍👧‍👦 flag 🇩🇪 thumb 👍🏽 heart ❤️ keycap 1️⃣',
  'z̷̡̛̮͙̤̹͕̲̙̰̈́̆̏̕a̴l̴g̴o̸',
  '\u202eright to left\u2069',
  '한국어 제목 한국어',
  'word '.repeat(60),
]
const NASTY = '\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m\r\n\tnext \x9b5A\u2028line\x00\x7f'

const show = (run: RunSnapshot, size: Size = WIDE, landedLast: readonly number[] = []): string[] =>
  viewModel(run, size, landedLast).map((line) => lineText(line).trimEnd())

/** Every kind of task, in turn. */
function mixed(id: number, what: number): TaskView {
  const subject = SUBJECTS[what % SUBJECTS.length] ?? ''
  const why = { subject, reason: `a reason ${NASTY}`, files: ['src/a.ts', `src/${NASTY}`] }
  const kinds: readonly TaskView[] = [
    working(id, { subject, lastAction: NASTY, agent: `/opt/${NASTY}/claude -p` }),
    working(id, { ...why, attempt: 3, agent: 'opencode-with-a-very-long-name run' }),
    landing(id, 'verifying', { subject }),
    landing(id, 'held', why),
    landing(id, 'awaiting_review', { subject }),
    taskView(id, why),
    taskView(id, { ...why, state: 'failed' }),
    taskView(id, { subject }),
    taskView(id, { subject, waitsFor: [1, 2, 3] }),
    taskView(id, { subject, waitsFor: [7], unreachable: true }),
    taskView(id, { subject, state: 'landed' }),
    taskView(id, { subject, state: 'cancelled' }),
  ]
  return kinds[what % kinds.length] ?? taskView(id)
}

describe('whatever the run and the terminal, the picture fits and is harmless', () => {
  const runs: [string, TaskView[]][] = [0, 1, 8, 50].flatMap((n) => [
    [
      `${n} lanes at work`,
      Array.from({ length: n }, (_, at) => working(at + 1, { subject: SUBJECTS[at % 7] ?? '' })),
    ],
    [`${n} tasks of all kinds`, Array.from({ length: n }, (_, at) => mixed(at + 1, at))],
  ])
  for (const [name, tasks] of runs)
    test.each(SIZES)(`${name} at $columns x $rows`, (size) => {
      for (const stopping of [false, true]) {
        const base = `main${NASTY}`
        const lines = show(snapshot(tasks, { stopping, base, verify: `npm ${NASTY}` }), size, [11, 23, 35])
        expect(lines.length).toBeGreaterThan(0)
        expect(lines.length).toBeLessThanOrEqual(Math.max(1, size.rows - 1))
        for (const line of lines) {
          expect(width(line), line).toBeLessThanOrEqual(size.columns)
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        }
      }
    })
})

test('a lane has one line with all that it does, in columns', () => {
  const lines = show(
    snapshot([
      working(7, { subject: 'add login', lastAction: 'npm test', attempt: 2, agent: 'KEY=secret claude -p' }),
      working(12, { subject: 'rename the settings', agent: '/opt/bin/codex exec', changes: null }),
    ]),
    { columns: 100, rows: 24 },
  )
  expect(lines).toEqual([
    expect.stringMatching(/^main ─+ {2}0\/2 landed {2}3m05s$/),
    '2/8 agents busy · verify: npm test',
    '',
    '●  #7 add login            claude ×2  3m05s  npm test                                 3 files +40 −2',
    '● #12 rename the settings  codex      3m05s  editing src/part-12.ts',
  ])
})

test('at work first, then landing, then what goes again and what failed, then the rest collapsed', () => {
  const lines = show(
    snapshot([
      taskView(1, { subject: 'one', state: 'landed' }),
      taskView(2, { subject: 'two', state: 'failed', reason: 'The check `npm test` failed.\n\nlong output' }),
      taskView(3, { subject: 'three', waitsFor: [2], unreachable: true }),
      landing(4, 'queued', { subject: 'four' }),
      landing(5, 'held', {
        subject: 'five',
        reason: 'changed files are in the way',
        files: ['a.ts', 'b.ts'],
      }),
      landing(6, 'verifying', { subject: 'six' }),
      taskView(7, {
        subject: 'seven',
        reason: 'It conflicts, in:\n\n- c.ts\n- d.ts\n\nMerge main.',
        files: ['c.ts'],
      }),
      working(8, { subject: 'eight' }),
      taskView(9, { subject: 'nine' }),
      taskView(10, { subject: 'ten', waitsFor: [8, 9] }),
      taskView(11, { subject: 'eleven', state: 'landed' }),
      taskView(12, { subject: 'twelve', state: 'cancelled' }),
    ]),
    WIDE,
    [11, 1],
  )
  expect(lines[0]).toMatch(/2\/11 landed/)
  expect(lines.slice(3).map((line) => line.replace(/ +/g, ' '))).toEqual([
    '● #8 eight claude 3m05s editing src/part-8.ts 3 files +40 −2',
    '◆ #6 six verifying',
    '! #5 five held',
    ' changed files are in the way: a.ts, b.ts → move these away or commit them; then it lands by itself',
    '◇ #4 four queued',
    '↻ #7 seven again',
    ' It conflicts, in: c.ts, d.ts → goes again with a note',
    '✗ #2 two failed',
    ' The check `npm test` failed. → worklane logs 2; then worklane task retry 2',
    '',
    '○ 1 ready, 1 blocked, next #9 nine · #10 ten (after #8 #9)',
    '✗ 1 cannot start: #3, needs #2 → worklane task retry 2',
    '✓ 2 landed, 1 cancelled, last #11 eleven · #1 one',
  ])
})

test('a review says how to look, approve and reject', () => {
  expect(show(snapshot([landing(5, 'awaiting_review')]))).toContain(
    '     → worklane lane diff 5; then worklane approve 5 or worklane reject 5 --note WHY',
  )
})

test('50 lanes on 24 lines: the first ones, and how many more; what waits for a person is never lost', () => {
  const lanes = Array.from({ length: 50 }, (_, at) => working(at + 1))
  const held = [51, 52, 53, 54, 55, 56, 57, 58].map((id) => landing(id, 'held', { reason: 'in the way' }))
  const all = show(snapshot(lanes), { columns: 80, rows: 24 })
  expect(all).toHaveLength(23)
  expect(all.filter((line) => line.startsWith('●'))).toHaveLength(20)
  expect(all.at(-1)).toBe('  … 30 more at work')

  const both = show(snapshot([...lanes, ...held]), { columns: 80, rows: 24 })
  expect(both).toHaveLength(23)
  const inSight = both.filter((line) => line.startsWith('!')).length
  expect(inSight).toBeGreaterThan(2)
  expect(both.at(-1)).toBe(`  … ${8 - inSight} more on the way to base, ${8 - inSight} wait for you`)
})

describe('a run in which nothing moves says so', () => {
  const held = [1, 2].map((id) => landing(id, 'held', { reason: 'a file is in the way', files: ['a.ts'] }))
  const cases: [string, TaskView[], string][] = [
    ['no tasks', [], 'Nothing to do. Add a task with: worklane task add SUBJECT'],
    ['all wait', [taskView(1), taskView(2, { waitsFor: [1] })], 'No agent is at work yet.'],
    ['all held', held, 'Everything that is left waits for you: see below.'],
    [
      'all unreachable',
      [taskView(1, { state: 'failed' }), taskView(2, { waitsFor: [1], unreachable: true })],
      'Nothing that is left can start: see below.',
    ],
  ]
  test.each(cases)('%s', (_, tasks, words) => {
    expect(show(snapshot(tasks), { columns: 80, rows: 24 })[1]).toBe(words)
  })
  test('but not when all is well', () => {
    expect(show(snapshot([landing(1, 'queued')]))[1]).toBe('0/8 agents busy · verify: npm test')
    expect(show(snapshot([landing(1, 'queued')], { sandbox: 'none' }))[1]).toMatch(
      /^NO WALLS: agents can change anything that you can · 0\/8/,
    )
    expect(show(snapshot([taskView(1, { state: 'landed' })]))[0]).toMatch(/ ━+ {2}1\/1 landed/)
  })
})

test('a stop says what it waits for and how to hurry', () => {
  const stop = (n: number): string | undefined =>
    show(
      snapshot(
        Array.from({ length: n }, (_, at) => working(at + 1)),
        { stopping: true },
      ),
    )[1]
  expect(stop(3)).toBe('Stopping: waiting for 3 agents. Ctrl-C again stops now.')
  expect(stop(1)).toBe('Stopping: waiting for 1 agent. Ctrl-C again stops now.')
  expect(stop(0)).toBe('Stopping: finishing what is under way. Ctrl-C again stops now.')
})

test('without a verify command the header warns', () => {
  const lines = viewModel(snapshot([working(1)], { verify: null }), WIDE)
  expect(lines[1]).toContainEqual({ text: 'no verify command: nothing tests what lands', tone: 'warn' })
})

test('a claim that no run of ours serves is shown as that, and a clock set back is not negative', () => {
  expect(show(snapshot([taskView(1, { state: 'in_progress' })]))[3]).toContain('claimed')
  expect(show(snapshot([working(1)], { now: START - 5000 }))[3]).toContain('  0s  ')
})
