import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchSize, failureRate, planSearch, runsPerLanding } from '../../../src/board/prefix-search.ts'

interface Search {
  readonly length: number
  /** Entries that fail, from 1. */
  readonly bad: readonly number[]
  readonly slots: number
  readonly everyCommit: boolean
  /** Which of the runs under way ends next. */
  readonly order: readonly number[]
}

/** Plays a search to its end; answers what landed, who was blamed, and how many runs it took. */
function play({ length, bad, slots, everyCommit, order }: Search) {
  const results = new Map<number, 'green' | 'red'>()
  const first = Math.min(...bad, length + 1)
  let running: number[] = []
  for (let runs = 0, turn = 0; ; turn += 1) {
    const plan = planSearch({ length, results, running, slots, everyCommit })
    expect(plan.start.filter((at) => results.has(at) || running.includes(at))).toEqual([])
    running = running.filter((at) => !plan.stop.includes(at))
    running.push(...plan.start)
    runs += plan.start.length
    expect(running.length).toBeLessThanOrEqual(slots)
    if (plan.culprit !== null || plan.green === length) return { ...plan, runs, first }
    const [next = 0] = running.splice((order[turn % order.length] ?? 0) % running.length, 1)
    results.set(next, next >= first ? 'red' : 'green')
  }
}

const search = fc.integer({ min: 1, max: 40 }).chain((length) =>
  fc.record({
    length: fc.constant(length),
    bad: fc.uniqueArray(fc.integer({ min: 1, max: length }), { maxLength: 4 }),
    slots: fc.integer({ min: 1, max: 9 }),
    everyCommit: fc.boolean(),
    order: fc.array(fc.nat(8), { minLength: 1, maxLength: 12 }),
  }),
)

describe('planSearch', () => {
  it('lands all before the first that fails, blames that one, and never runs more than it may', () => {
    fc.assert(
      fc.property(search, (one) => {
        const { green, culprit, first } = play(one)
        expect([green, culprit]).toEqual([first - 1, first > one.length ? null : first])
      }),
    )
  })

  it('needs with one slot no more than the whole stack and halves of it', () => {
    fc.assert(
      fc.property(search, (one) => {
        const { runs } = play({ ...one, slots: 1, everyCommit: false })
        expect(runs).toBeLessThanOrEqual(1 + Math.ceil(Math.log2(one.length + 1)))
      }),
    )
  })

  it('lands a green prefix also where a shorter one was red, and each commit only where that is asked for', () => {
    const sight = {
      length: 4,
      results: new Map([
        [2, 'red'],
        [3, 'green'],
      ] as const),
      running: [],
      slots: 1,
    }
    expect(planSearch({ ...sight, everyCommit: false })).toMatchObject({ green: 3, start: [4] })
    expect(planSearch({ ...sight, everyCommit: true })).toMatchObject({ green: 0, start: [1] })
  })

  it('takes the whole stack first, and spreads what more slots allow', () => {
    const sight = { length: 16, results: new Map(), running: [], everyCommit: false }
    expect(planSearch({ ...sight, slots: 1 }).start).toEqual([16])
    expect([...planSearch({ ...sight, slots: 4 }).start].sort((a, b) => a - b)).toEqual([4, 8, 12, 16])
  })
})

it('stacks more the fewer fail, and more where more can be verified at once', () => {
  expect([0.01, 0.05, 0.1, 0.2, 0.6].map((rate) => batchSize(rate, 1))).toEqual([32, 16, 8, 4, 1])
  expect(batchSize(0.05, 8)).toBeGreaterThan(batchSize(0.05, 1))
  expect(runsPerLanding(16, 0.05)).toBeCloseTo(0.305, 2)
  expect(failureRate({ landed: 0, rejected: 0 })).toBe(0.05)
  expect(failureRate({ landed: 10, rejected: 40 })).toBeGreaterThan(0.5)
})
