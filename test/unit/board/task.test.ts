import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkDependencies,
  standing,
  stepTask,
  TASK_STATES,
  type Task,
  type TaskState,
} from '../../../src/board/task.ts'

type Stub = Pick<Task, 'state' | 'after'>
const board = (tasks: Record<number, Stub>): Map<number, Stub> =>
  new Map(Object.entries(tasks).map(([id, task]) => [Number(id), task]))

describe('standing', () => {
  it('is ready only when every dependency has landed', () => {
    const tasks = board({ 1: { state: 'landed', after: [] }, 2: { state: 'completed', after: [] } })
    expect(standing({ after: [1] }, tasks)).toEqual({ kind: 'ready' })
    expect(standing({ after: [1, 2] }, tasks)).toEqual({ kind: 'blocked', by: [2] })
  })

  it('is unreachable behind a failed or cancelled task, at any distance', () => {
    const tasks = board({ 1: { state: 'failed', after: [] }, 2: { state: 'pending', after: [1] } })
    expect(standing({ after: [2] }, tasks)).toEqual({ kind: 'unreachable', by: [2] })
  })

  it('is told at once where many tasks share what they wait for', () => {
    const layers = Array.from({ length: 60 }, (_, layer) => [2 * layer + 1, 2 * layer + 2])
    const stubs = layers.flatMap((ids, layer) =>
      ids.map((id) => [id, { state: 'pending', after: layers[layer - 1] ?? [] }] as const),
    )
    const tasks = board(Object.fromEntries(stubs))
    expect(standing({ after: [120] }, tasks)).toEqual({ kind: 'blocked', by: [120] })
    tasks.set(1, { state: 'failed', after: [] })
    expect(standing({ after: [120] }, tasks)).toEqual({ kind: 'unreachable', by: [120] })
  })
})

describe('checkDependencies', () => {
  it.each([
    ['an unknown id', { 1: [9] }, 'unknown-dependency'],
    ['itself', { 1: [1] }, 'dependency-on-itself'],
    ['a circle of three', { 1: [2], 2: [3], 3: [1] }, 'dependency-cycle'],
  ])('refuses %s', (_, edges, code) => {
    const map = new Map(Object.entries(edges).map(([id, after]) => [Number(id), after]))
    expect(checkDependencies(map)?.code).toBe(code)
  })

  it('accepts every graph whose edges point back, however deep', () => {
    const graph = fc
      .integer({ min: 1, max: 60 })
      .chain((n) =>
        fc.tuple(
          ...Array.from({ length: n }, (_, at) =>
            fc.uniqueArray(fc.nat({ max: Math.max(0, at - 1) }), { maxLength: at }),
          ),
        ),
      )
    fc.assert(
      fc.property(graph, (after) => {
        const edges = new Map(after.map((on, id) => [id, id === 0 ? [] : on]))
        expect(checkDependencies(edges)).toBeNull()
      }),
    )
    const chain = new Map(Array.from({ length: 20_000 }, (_, id) => [id, id === 0 ? [] : [id - 1]]))
    expect(checkDependencies(chain)).toBeNull()
  })
})

describe('stepTask', () => {
  it.each<[TaskState, string]>([
    ['pending', 'What can be done: worklane claim 7 --as NAME, or worklane task cancel 7'],
    ['in_progress', 'What can be done: worklane release 7 --force, or worklane task cancel 7'],
    ['completed', 'What can be done: worklane landing withdraw 7, or worklane task cancel 7'],
    ['failed', 'What can be done: worklane task cancel 7, or worklane task retry 7'],
    ['cancelled', 'What can be done: worklane task retry 7'],
    ['landed', 'A landed task is finished; to undo it: worklane revert 7'],
  ])('refuses what a %s task cannot, with the commands of what it can', (state, hint) => {
    const step = state === 'cancelled' ? 'cancel' : state === 'failed' ? 'claim' : 'retry'
    expect(stepTask({ id: 7, state }, step)).toMatchObject({ refused: true, hint })
  })

  it('has a code of its own where it is taken', () => {
    expect(stepTask({ id: 7, state: 'landed' }, 'claim')).toMatchObject({ code: 'already-claimed' })
    expect(stepTask({ id: 7, state: 'pending' }, 'complete')).toMatchObject({ code: 'wrong-state' })
  })

  it('leaves a landed task where it is', () => {
    for (const state of TASK_STATES)
      if (state === 'landed') expect(stepTask({ id: 1, state }, 'retry')).toHaveProperty('refused')
  })
})
