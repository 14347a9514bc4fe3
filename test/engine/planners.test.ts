import { describe, expect, it } from 'vitest'
import type { LANDING_STATES } from '../../src/board/landing.ts'
import { LANE_STATES } from '../../src/board/lane.ts'
import { TASK_STATES } from '../../src/board/task.ts'
import { planQueue } from '../../src/engine/landing/plan.ts'
import { type LaneSight, planLanes } from '../../src/engine/lanes/plan.ts'
import { planRuns, type RunsSight } from '../../src/engine/runs/plan.ts'

const lane = {
  id: 1,
  taskId: 7,
  state: 'ready',
  holder: 'host',
  keep: false,
  path: '/x',
  warnings: [],
} as const
const sight = (change: Partial<LaneSight>, laneChange: object = {}): LaneSight => ({
  lane: { ...lane, ...laneChange },
  task: 'in_progress',
  attended: false,
  wanted: true,
  visited: false,
  refreshing: false,
  ...change,
})
const actions = (one: LaneSight): string[] => planLanes([one]).map(({ action }) => action)

describe('planLanes', () => {
  it.each<[string, LaneSight, string[]]>([
    ['a lane at work', sight({}), []],
    ['half made and waited for', sight({}, { state: 'creating' }), ['make']],
    [
      'half made and forgotten',
      sight({ wanted: false, task: 'pending' }, { state: 'creating' }),
      ['give_up'],
    ],
    ['of a landed task', sight({ task: 'landed' }), ['condemn']],
    ['of a landed task, to be kept', sight({ task: 'landed' }, { keep: true }), []],
    ['of a cancelled task whose agent still works', sight({ task: 'cancelled' }, { holder: 'walls' }), []],
    ['of a failed task: a person may look', sight({ task: 'failed' }), []],
    ['condemned', sight({}, { state: 'condemned' }), ['remove']],
    ['condemned, and a person is in it', sight({ visited: true }, { state: 'condemned' }), []],
    ['of a landed task, and a person is in it', sight({ visited: true, task: 'landed' }), []],
    ['archived, the crash came before the removal', sight({}, { state: 'archived' }), ['remove']],
    ['a refresh was killed', sight({ refreshing: true }, { holder: 'walls' }), ['settle']],
    ['quarantined: a person decides', sight({ task: 'landed' }, { state: 'quarantined' }), []],
  ])('%s', (_, one, expected) => expect(actions(one)).toEqual(expected))

  it('leaves every lane alone that a living process attends to', () => {
    for (const state of LANE_STATES)
      for (const task of TASK_STATES) expect(actions(sight({ attended: true, task }, { state }))).toEqual([])
  })
})

describe('planRuns', () => {
  const runs: RunsSight = {
    ready: [1, 2, 3],
    runs: [],
    stranded: [],
    expired: [],
    begun: new Set(),
    slots: 2,
  }

  it('fills the free slots with the most urgent, and never more', () => {
    expect(planRuns(runs)).toEqual([
      { action: 'start', taskId: 1 },
      { action: 'start', taskId: 2 },
    ])
    expect(planRuns({ ...runs, begun: new Set([1]) })).toEqual([{ action: 'start', taskId: 2 }])
    expect(planRuns({ ...runs, slots: 0 })).toEqual([])
  })

  it('takes back what a holder let run out', () => {
    expect(planRuns({ ...runs, ready: [], expired: [9] })).toEqual([{ action: 'expire', taskId: 9 }])
  })

  it('repairs what a dead engine or a fault left and touches nobody else', () => {
    const run = (id: number, engine: 'own' | 'alive' | 'gone') => ({ id, taskId: id, engine, stop: false })
    const steps = planRuns({
      ...runs,
      slots: 0,
      runs: [run(1, 'own'), run(2, 'alive'), run(3, 'gone'), run(4, 'own')],
      stranded: [1, 5],
      begun: new Set([1]),
    })
    expect(steps).toEqual([
      { action: 'recover', runId: 3, taskId: 3 },
      { action: 'recover', runId: 4, taskId: 4 },
      { action: 'release', taskId: 5 },
    ])
  })
})

describe('planQueue', () => {
  const entry = (id: number, state: (typeof LANDING_STATES)[number], free = false) => ({
    id,
    taskId: id,
    state,
    free,
  })

  const plan = (entries: ReturnType<typeof entry>[], more: { suspects?: number; paused?: boolean } = {}) =>
    planQueue({ entries, suspects: 0, paused: false, ...more })

  it('lands all that are queued, and nothing while it is paused', () => {
    const entries = [entry(1, 'awaiting_review'), entry(2, 'queued'), entry(3, 'queued')]
    expect(plan(entries)).toMatchObject([{ action: 'land', what: 'Land tasks 2, 3.' }])
    expect(plan(entries, { paused: true })).toEqual([])
  })

  it('verifies again what failed once, and lets it go when nothing new may start', () => {
    expect(plan([], { suspects: 1 })).toMatchObject([{ action: 'land' }])
    expect(plan([], { suspects: 1, paused: true })).toMatchObject([{ action: 'withdraw' }])
  })

  it('settles what a crash left before anything else', () => {
    for (const state of ['merging', 'verifying', 'moving'] as const)
      expect(plan([entry(1, 'queued'), entry(2, state)], { paused: true })).toMatchObject([
        { action: 'recover', landingId: 2 },
      ])
  })

  it('goes past a held entry, and takes it up again once it is free', () => {
    expect(plan([entry(1, 'held'), entry(2, 'queued')])).toMatchObject([{ action: 'land' }])
    expect(plan([entry(1, 'held', true), entry(2, 'queued')])).toMatchObject([
      { action: 'release', landingId: 1 },
    ])
    expect(plan([entry(1, 'held')])).toEqual([])
  })
})
