import { expect, it } from 'vitest'
import { landingOrder } from '../../../src/board/landing-order.ts'

const order = (...entries: [id: number, priority: number, overlaps: number][]) =>
  landingOrder(entries.map(([id, priority, overlaps]) => ({ id, priority, overlaps }))).map(({ id }) => id)

it('goes by priority, then by who came first', () => {
  expect(order([3, 0, 0], [1, 0, 0], [2, 5, 0])).toEqual([2, 1, 3])
})

it('lets what collides with many be overtaken, but not by priority and not for ever', () => {
  expect(order([1, 0, 2], [2, 0, 0], [3, 0, 1])).toEqual([2, 3, 1])
  expect(order([1, 5, 9], [2, 0, 0])).toEqual([1, 2])
  expect(order([1, 0, 99], [40, 0, 0])).toEqual([1, 40])
})
