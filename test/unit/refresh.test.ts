import { expect, it } from 'vitest'
import { LANE_STATES } from '../../src/board/lane.ts'
import { baseNote, mayRefresh, type RefreshSight } from '../../src/board/refresh.ts'
import { TASK_STATES } from '../../src/board/task.ts'

const sight = (change: Partial<RefreshSight>): RefreshSight => ({
  lane: { state: 'ready', holder: 'host' },
  task: 'pending',
  landing: false,
  taken: false,
  ...change,
})

it.each<[string, Partial<RefreshSight>, ReturnType<typeof mayRefresh>]>([
  ['kept for the next attempt', {}, 'idle'],
  ['of a failed task', { task: 'failed' }, 'idle'],
  ['claimed', { task: 'in_progress' }, 'busy'],
  ['an agent is in it', { task: 'in_progress', lane: { state: 'ready', holder: 'walls' } }, 'busy'],
  ['a run is being recovered', { lane: { state: 'ready', holder: 'walls' } }, 'rest'],
  ['being refreshed', { taken: true }, 'rest'],
  ['its result waits to land', { task: 'completed', landing: true }, 'rest'],
  ['landed, to be kept', { task: 'landed' }, 'rest'],
  ['cancelled', { task: 'cancelled' }, 'rest'],
])('%s: %s', (_, change, expected) => expect(mayRefresh(sight(change))).toBe(expected))

it('never touches a lane that is not ready, or has a landing under way', () => {
  for (const task of TASK_STATES) {
    expect(mayRefresh(sight({ task, landing: true }))).toBe('rest')
    for (const state of LANE_STATES.filter((one) => one !== 'ready'))
      expect(mayRefresh(sight({ task, lane: { state, holder: 'host' } }))).toBe('rest')
  }
})

it('tells of base only what concerns the lane', () => {
  expect(baseNote('main', 'abcdef0123456789', [])).toBe(null)
  expect(baseNote('main', 'abcdef0123456789', ['a.ts'])).toContain('one of the files')
  const many = Array.from({ length: 10 }, (_, at) => `f${at}.ts`)
  expect(baseNote('main', 'abcdef0123456789', many)).toMatch(/10 of the files .*`f7\.ts` and 2 more/)
})
