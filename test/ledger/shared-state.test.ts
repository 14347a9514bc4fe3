import { expect, test } from 'vitest'
import type { SharedState } from '../../src/board/shared-state.ts'
import { eventsAfter, lastSequence } from '../../src/ledger/events.ts'
import { completeTask, moveLanding, recordLanded } from '../../src/ledger/landings.ts'
import { claimTask } from '../../src/ledger/leases.ts'
import { recordShared } from '../../src/ledger/shared-state.ts'
import { addTasks, needTask } from '../../src/ledger/tasks.ts'
import { draft, granted, makeLedger, type TestLedger } from '../fixtures/ledger.ts'

const SETTINGS = { config: {}, hooks: {}, alternates: [], attributes: null }
const stateAt = (tip: string): SharedState => ({ ...SETTINGS, refs: { 'refs/heads/main': tip } })

/** A look that sees base at `tip`; answers the moves that it tells. `seq`: when it began. */
async function look(test: TestLedger, tip: string, seq?: number): Promise<unknown[]> {
  const { db } = test.ledger
  const before = await lastSequence(db)
  await test.do(
    async (tx) => await recordShared(tx, { state: stateAt(tip), baseBranch: 'main', seq: seq ?? before }),
  )
  return (await eventsAfter(db, before)).map(({ type, data }) => [type, data])
}

/** A landing on its way: its ref may be moved, and nothing is told yet. */
async function moving(test: TestLedger, from: string, to: string): Promise<() => Promise<void>> {
  const ids = granted(await test.do(async (tx) => await addTasks(tx, [draft('x')])))
  const id = ids[0] ?? 0
  const length = { holder: 'ann', length: null }
  granted(await test.do(async (tx) => await claimTask(tx, id, length)))
  const landing = granted(
    await test.do(async (tx) => {
      const task = granted(await needTask(tx.db, id))
      const completion = { result: to, base: 'main', style: 'merge', review: false, verify: null } as const
      return await completeTask(tx, task, completion)
    }),
  )
  const step = async (name: 'start' | 'merge' | 'verify', change = {}) =>
    granted(await test.do(async (tx) => await moveLanding(tx, landing.id, name, change)))
  await step('start')
  await step('merge', { candidate: to, candidateOn: from })
  const ready = await step('verify')
  return async () => void granted(await test.do(async (tx) => await recordLanded(tx, ready)))
}

test('a landing is never taken for somebody else, at whatever moment the look comes', async () => {
  await using ledger = await makeLedger()
  expect(await look(ledger, 'a')).toEqual([])
  const land = await moving(ledger, 'a', 'b')
  // Moved and not told yet.
  expect(await look(ledger, 'b')).toEqual([])
  const began = await lastSequence(ledger.ledger.db)
  await land()
  const next = await moving(ledger, 'b', 'c')
  // The refs were read before the next landing was told.
  await next()
  expect(await look(ledger, 'b', began)).toEqual([])
  expect(await look(ledger, 'c')).toEqual([])
})

test('somebody else is told of once, with where base was', async () => {
  await using ledger = await makeLedger()
  await look(ledger, 'a')
  await (await moving(ledger, 'a', 'b'))()
  expect(await look(ledger, 'x')).toEqual([['base.moved', { from: 'b', to: 'x', by: 'other' }]])
  expect(await look(ledger, 'x')).toEqual([])
  // Back to what once landed is no landing.
  expect(await look(ledger, 'b')).toEqual([['base.moved', { from: 'x', to: 'b', by: 'other' }]])
})
