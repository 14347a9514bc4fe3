import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRefusal } from '../../src/board/refusal.ts'
import { standing } from '../../src/board/task.ts'
import { eventsAfter, lastSequence } from '../../src/ledger/events.ts'
import {
  activeLanding,
  cancelTask,
  completeTask,
  moveLanding,
  recordLanded,
  reopenTask,
  returnTask,
} from '../../src/ledger/landings.ts'
import {
  claimNext,
  claimTask,
  expiredLeases,
  expireLeases,
  extendLease,
  giveBack,
  holdsTask,
  liveLeases,
} from '../../src/ledger/leases.ts'
import { readyTasks } from '../../src/ledger/ready.ts'
import { addTasks, editTask, taskMap } from '../../src/ledger/tasks.ts'
import { draft, granted, makeLedger, refusalOf, type TestLedger } from '../fixtures/ledger.ts'

const ann = { holder: 'ann', length: null }

async function withTasks(count: number): Promise<TestLedger> {
  const test = await makeLedger()
  granted(
    await test.do(
      async (tx) =>
        await addTasks(
          tx,
          Array.from({ length: count }, (_, at) => draft(`task ${at + 1}`)),
        ),
    ),
  )
  return test
}

describe('claims', () => {
  it('offers the most urgent ready task, then refuses', async () => {
    await using test = await makeLedger()
    granted(
      await test.do(
        async (tx) =>
          await addTasks(tx, [
            draft('a'),
            draft('b', { priority: 5 }),
            draft('c', { priority: 9, after: [-1] }),
          ]),
      ),
    )
    const claim = async () => await test.do(async (tx) => await claimNext(tx, ann))
    expect([granted(await claim()).task.id, granted(await claim()).task.id]).toEqual([2, 1])
    expect(refusalOf(await claim())).toBe('nothing-ready')
  })

  it('refuses a second holder and an old epoch', async () => {
    await using test = await withTasks(1)
    const first = granted(
      await test.do(async (tx) => await claimTask(tx, 1, { holder: 'ann', length: 1000 })),
    )
    expect(
      refusalOf(await test.do(async (tx) => await claimTask(tx, 1, { holder: 'bob', length: null }))),
    ).toBe('already-claimed')
    test.clock.now += 1000
    const second = granted(
      await test.do(async (tx) => await claimTask(tx, 1, { holder: 'bob', length: null })),
    )
    expect(second.lease.epoch).toBe(first.lease.epoch + 1)
    expect(refusalOf(await test.do(async (tx) => await extendLease(tx, 1, first.lease.epoch)))).toBe(
      'stale-lease',
    )
    expect(granted(await test.do(async (tx) => await holdsTask(tx, 1, second.lease.epoch))).id).toBe(1)
  })

  it('does not take a lease away that ran out unnoticed: the epoch decides, not the clock', async () => {
    await using test = await withTasks(1)
    const claim = granted(
      await test.do(async (tx) => await claimTask(tx, 1, { holder: 'ann', length: 1000 })),
    )
    test.clock.now += 10 * 365 * 24 * 3600 * 1000
    expect(granted(await test.do(async (tx) => await extendLease(tx, 1, claim.lease.epoch))).until).toBe(
      test.clock.now + 1000,
    )
  })

  it('fails a task whose attempts are spent', async () => {
    await using test = await withTasks(1)
    for (const state of ['pending', 'pending', 'failed']) {
      const claim = granted(await test.do(async (tx) => await claimTask(tx, 1, ann)))
      expect(
        granted(
          await test.do(
            async (tx) => await giveBack(tx, claim.task, 'failed', { kind: 'attempt', text: 'no' }),
          ),
        ).state,
      ).toBe(state)
    }
    expect(refusalOf(await test.do(async (tx) => await claimTask(tx, 1, ann)))).toBe('not-claimable')
  })

  it('keeps events append-only', async () => {
    await using test = await withTasks(1)
    await expect(test.ledger.db.updateTable('event').set({ actor: 'x' }).execute()).rejects.toThrow(
      'append-only',
    )
    await expect(test.ledger.db.deleteFrom('event').execute()).rejects.toThrow('append-only')
  })

  it('refuses to edit what somebody works on, and dependencies that make a circle', async () => {
    await using test = await withTasks(2)
    granted(await test.do(async (tx) => await editTask(tx, 1, { after: [2] })))
    expect(refusalOf(await test.do(async (tx) => await editTask(tx, 2, { after: [1] })))).toBe(
      'dependency-cycle',
    )
    granted(await test.do(async (tx) => await claimTask(tx, 2, ann)))
    expect(refusalOf(await test.do(async (tx) => await editTask(tx, 2, { priority: 1 })))).toBe('wrong-state')
  })
})

type Move = { readonly kind: string; readonly id: number; readonly epochBack: number }

/** Whatever is tried in whatever order, by right or by a stale right. */
async function tryMove(test: TestLedger, { kind, id, epochBack }: Move): Promise<unknown> {
  return await test.do<unknown>(async (tx) => {
    const task = (await taskMap(tx.db)).get(id)
    const epoch = (task?.epoch ?? 0) - epochBack
    if (kind === 'claim')
      return await claimTask(tx, id, { holder: `h${epochBack}`, length: epochBack === 0 ? null : 500 })
    if (kind === 'claim-next') return await claimNext(tx, ann)
    if (kind === 'expire') return await expireLeases(tx, await expiredLeases(tx.db, tx.moment))
    if (kind === 'cancel') return await cancelTask(tx, id)
    if (kind === 'retry') return await reopenTask(tx, id)
    if (kind === 'return') return await sendBack(tx, id)
    if (kind === 'land') return await landNow(tx, id)
    const held = await holdsTask(tx, id, epoch)
    if (isRefusal(held)) return held
    if (kind === 'heartbeat') return await extendLease(tx, id, epoch)
    if (kind === 'release') return await giveBack(tx, held, epochBack === 0 ? 'released' : 'failed')
    return await completeTask(tx, held, {
      style: 'merge',
      base: 'main',
      result: 'c'.repeat(40),
      review: false,
      verify: null,
    })
  })
}

/** As whoever lands does it: the entry ends, and its task goes back. */
async function sendBack(tx: Parameters<typeof moveLanding>[0], id: number): Promise<unknown> {
  const landing = await activeLanding(tx.db, id)
  if (landing?.state !== 'queued') return null
  for (const step of ['start', 'conflict'] as const) {
    const moved = await moveLanding(tx, landing.id, step)
    if (isRefusal(moved)) return moved
  }
  return await returnTask(tx, id, { kind: 'rejection', text: 'red' })
}

async function landNow(tx: Parameters<typeof moveLanding>[0], id: number): Promise<unknown> {
  const landing = await activeLanding(tx.db, id)
  if (landing?.state !== 'queued') return null
  for (const step of ['start', 'merge', 'verify'] as const) {
    const moved = await moveLanding(tx, landing.id, step)
    if (isRefusal(moved)) return moved
  }
  return await recordLanded(tx, landing)
}

async function checkInvariants(test: TestLedger, epochs: Map<number, number>): Promise<void> {
  const { db } = test.ledger
  const tasks = await taskMap(db)
  const leases = await liveLeases(db)
  expect(new Set(leases.map(({ taskId }) => taskId)).size).toBe(leases.length)
  for (const task of tasks.values()) {
    expect(leases.some(({ taskId, epoch }) => taskId === task.id && epoch === task.epoch)).toBe(
      task.state === 'in_progress',
    )
    expect(task.epoch).toBeGreaterThanOrEqual(epochs.get(task.id) ?? 0)
    expect((await activeLanding(db, task.id)) !== undefined).toBe(task.state === 'completed')
    epochs.set(task.id, task.epoch)
  }
  const ready = [...tasks.values()].filter(
    (task) => task.state === 'pending' && standing(task, tasks).kind === 'ready',
  )
  expect((await readyTasks(db, 100)).sort()).toEqual(ready.map(({ id }) => id).sort())
}

describe('the ledger, whatever is asked of it', () => {
  it('keeps one live lease a task, epochs that only rise, refusals that write nothing, and one rule for "ready"', async () => {
    const kinds = [
      'claim',
      'claim-next',
      'expire',
      'cancel',
      'retry',
      'return',
      'land',
      'heartbeat',
      'release',
      'complete',
    ]
    const move = fc.record({
      kind: fc.constantFrom(...kinds),
      id: fc.integer({ min: 1, max: 4 }),
      epochBack: fc.integer({ min: 0, max: 1 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 40 }), async (moves) => {
        await using test = await makeLedger()
        granted(
          await test.do(
            async (tx) =>
              await addTasks(tx, [
                draft('a'),
                draft('b', { after: [-1] }),
                draft('c', { after: [-2] }),
                draft('d'),
              ]),
          ),
        )
        const epochs = new Map<number, number>()
        for (const one of moves) {
          test.clock.now += 200
          const before = await lastSequence(test.ledger.db)
          const answer = await tryMove(test, one)
          if (isRefusal(answer)) expect(await lastSequence(test.ledger.db)).toBe(before)
          await checkInvariants(test, epochs)
        }
        const events = await eventsAfter(test.ledger.db, 0)
        expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1))
      }),
      { numRuns: 60 },
    )
  })
})
