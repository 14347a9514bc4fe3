import { expect, it } from 'vitest'
import type { Action } from '../../src/engine/controller.ts'
import { Engine } from '../../src/engine/engine.ts'
import { openWorld } from '../../src/operations/open.ts'
import { makeRepository } from '../fixtures/repository.ts'

it('leaves a step that meets a defect alone, sees the others through, and throws it in the end', async () => {
  using repository = makeRepository()
  const signals = { stop: new AbortController().signal, hurry: new AbortController().signal }
  const world = await openWorld(repository.root, signals)
  const defect = new RangeError('Invalid string length')
  let tries = 0
  let left = 3
  const faulty: Action = {
    key: 'lane/1',
    what: 'Archive it.',
    act: async () => {
      tries += 1
      throw defect
    },
  }
  const other: Action = {
    key: 'lane/2',
    what: 'Archive the other one.',
    act: async () => {
      left -= 1
    },
  }
  const plan = async () => (left > 0 ? [faulty, other] : [faulty])
  const engine = new Engine(world, [{ name: 'lanes', plan }])
  await expect(engine.settle()).rejects.toBe(defect)
  expect([tries, left]).toEqual([1, 0])
  await expect(engine.finish(async () => undefined)).rejects.toBe(defect)
  expect(engine.defects.get('lane/1')).toEqual({ what: 'Archive it.', error: defect })
  await world.ledger.close()
})
