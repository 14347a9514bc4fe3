import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isRefusal } from '../../src/board/refusal.ts'
import { eventsAfter } from '../../src/ledger/events.ts'
import { pauseLanding, resumeLanding } from '../../src/ledger/landing-pause.ts'
import { landingQueue } from '../../src/ledger/landings.ts'
import { transact } from '../../src/ledger/transact.ts'
import { verifyRuns } from '../../src/ledger/verify-runs.ts'
import { withdrawLanding } from '../../src/ledger/withdraw.ts'
import { until } from '../fixtures/cli.ts'
import { type QueueWorld, queueWorld } from '../fixtures/queue-world.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'
import { virtualSlots } from '../fixtures/virtual-slots.ts'

const files = (...names: string[]) => names.map((name) => ({ [name]: `${name}\n` }))

/** Slots whose suite is a function of the names of the files, and of how often it was asked. */
function suite(
  { world }: QueueWorld,
  { git }: TestRepository,
  isGreen: (names: string[], run: number) => boolean,
  slots = 1,
) {
  let run = 0
  return virtualSlots(
    world,
    slots,
    (commit) => {
      run += 1
      return isGreen(git('ls-tree', '-r', '--name-only', commit).split('\n'), run)
    },
    () => git('rev-parse', 'main'),
  )
}

describe('a stack', () => {
  it('lands with one verify run, and verifies nothing that is known to be green', async () => {
    using repository = makeRepository()
    await using queue = await queueWorld(repository, files('a', 'b', 'c', 'd'))
    const { slots, suites } = suite(queue, repository, () => true)
    await queue.settle({ verify: 'x', slots })
    expect(await queue.states()).toEqual(Array(4).fill('landed'))
    expect(suites().runs).toBe(1)
    expect(queue.files()).toEqual(['README.md', 'a', 'b', 'c', 'd'])
    const [run] = await verifyRuns(queue.world.ledger.db, 10)
    expect(run).toMatchObject({ tasks: [1, 2, 3, 4], result: 'green' })
    expect(run?.commit).toBe(repository.git('rev-parse', 'main'))
  })

  it('leaves out what goes onto base but not onto those before it, and hands it back once it cannot land', async () => {
    using repository = makeRepository()
    await using queue = await queueWorld(repository, [{ a: 'one\n' }, { a: 'two\n' }, { b: 'b\n' }])
    const { slots, suites } = suite(queue, repository, () => true)
    await queue.settle({ verify: 'x', slots })
    expect(await queue.states()).toEqual(['landed', 'pending', 'landed'])
    expect(suites().runs).toBe(1)
  })

  it('verifies each commit where that is asked for', async () => {
    using repository = makeRepository()
    await using queue = await queueWorld(repository, files('a', 'b', 'c'))
    const { slots, suites } = suite(queue, repository, () => true)
    await queue.settle({ verify: 'x', slots, everyCommit: true })
    expect(suites().runs).toBe(3)
    expect(await queue.states()).toEqual(Array(3).fill('landed'))
  })

  it('goes on without what was withdrawn while it was verified', async () => {
    using repository = makeRepository()
    await using queue = await queueWorld(repository, files('a', 'b', 'c'))
    const { slots } = suite(queue, repository, () => true)
    let asked = false
    const withdrawing = {
      ...slots,
      get running() {
        return slots.running
      },
      next: async () => {
        const { ledger, actor } = queue.world
        if (!asked) await transact(ledger, actor, async (tx) => await withdrawLanding(tx, 2, null))
        asked = true
        return await slots.next()
      },
    }
    await queue.settle({ verify: 'x', slots: withdrawing })
    expect(await queue.states()).toEqual(['landed', 'pending', 'landed'])
    expect(queue.files()).toEqual(['README.md', 'a', 'c'])
  })
})

describe('what fails', () => {
  it.each([1, 3])(
    'is found among the others, which land before it is verified again (%i slots)',
    async (slots) => {
      using repository = makeRepository()
      await using queue = await queueWorld(repository, files('a', 'b', 'bad', 'd', 'e', 'f'))
      const virtual = suite(queue, repository, (names) => !names.includes('bad'), slots)
      await queue.settle({ verify: 'x', slots: virtual.slots })
      expect(await queue.states()).toEqual(['landed', 'landed', 'pending', 'landed', 'landed', 'landed'])
      const runs = await verifyRuns(queue.world.ledger.db, 100)
      expect(runs.filter(({ result, tasks }) => result === 'red' && tasks.at(-1) === 3)).toHaveLength(2)
      const events = await eventsAfter(queue.world.ledger.db, 0, 1000)
      const types = events.map(({ type }) => type)
      if (slots === 1)
        expect(types.lastIndexOf('landing.landed')).toBeLessThan(types.indexOf('landing.rejected'))
    },
  )

  it('only now and then is not blamed', async () => {
    using repository = makeRepository()
    await using queue = await queueWorld(repository, files('a', 'b', 'c'))
    const { slots } = suite(queue, repository, (_, run) => run !== 1)
    await queue.settle({ verify: 'x', slots })
    expect(await queue.states()).toEqual(Array(3).fill('landed'))
  })

  it('on a base that fails by itself is held, and nobody is blamed, until base moves', async () => {
    using repository = makeRepository()
    await using queue = await queueWorld(repository, files('a', 'b'))
    const { slots } = suite(queue, repository, (names) => names.includes('mended'))
    await queue.settle({ verify: 'x', slots })
    const { db } = queue.world.ledger
    expect((await landingQueue(db)).map(({ state }) => state)).toEqual(['held', 'held'])
    expect((await eventsAfter(db, 0, 1000)).filter(({ type }) => type === 'base.verify_failed')).toHaveLength(
      1,
    )
    repository.commit('Mend it', { mended: '' })
    await queue.settle({ verify: 'x', slots })
    expect(await queue.states()).toEqual(['landed', 'landed'])
  })
})

it('lands nothing while it is paused, and goes on after that', async () => {
  using repository = makeRepository()
  await using queue = await queueWorld(repository, files('a'))
  const { ledger, actor } = queue.world
  const { slots, suites } = suite(queue, repository, () => true)
  await transact(ledger, actor, pauseLanding)
  expect(isRefusal(await transact(ledger, actor, pauseLanding))).toBe(true)
  await queue.settle({ verify: 'x', slots })
  expect([await queue.states(), suites().runs]).toEqual([['completed'], 0])
  await transact(ledger, actor, resumeLanding)
  await queue.settle({ verify: 'x', slots })
  expect(await queue.states()).toEqual(['landed'])
})

it('verifies in two checkouts at once, each on its own commit', async () => {
  using repository = makeRepository()
  await using queue = await queueWorld(repository, files('a', 'b', 'bad', 'd'), { slots: 2 })
  await queue.settle({ verify: 'test ! -e bad' })
  expect(await queue.states()).toEqual(['landed', 'landed', 'pending', 'landed'])
  const runs = await verifyRuns(queue.world.ledger.db, 100)
  expect(new Set(runs.map(({ slot }) => slot))).toEqual(new Set([0, 1]))
})

describe('a run that nobody needs any more ends', () => {
  /** Settles while the command of a run waits, and says so in the file `begun` beside the repository. */
  const settleAround = async (
    queue: QueueWorld,
    { root }: TestRepository,
    waits: string,
    meanwhile: () => unknown,
  ): Promise<void> => {
    const begun = join(root, '../begun')
    const settled = queue.settle({ verify: `if ${waits}; then touch ${begun}; sleep 600; fi` })
    await until('it is verified', () => existsSync(begun))
    await meanwhile()
    await settled
    const runs = await verifyRuns(queue.world.ledger.db, 10)
    expect(runs.map(({ result }) => result)).toContain('interrupted')
  }
  const withdraw = async ({ world: { ledger, actor } }: QueueWorld, task: number): Promise<unknown> =>
    await transact(ledger, actor, async (tx) => await withdrawLanding(tx, task, null))

  it('when what it is about is withdrawn', async () => {
    using repository = makeRepository()
    await using queue = await queueWorld(repository, files('slow', 'b'))
    await settleAround(queue, repository, 'test -e slow', async () => await withdraw(queue, 1))
    expect(await queue.states()).toEqual(['pending', 'landed'])
  })

  it('when what failed once is withdrawn', async () => {
    using repository = makeRepository()
    await using queue = await queueWorld(repository, files('slow', 'b'), { batch: 1 })
    const once = join(repository.root, '../once')
    const waits = `test -e slow && { test -e ${once} || { touch ${once}; exit 1; }; }`
    await settleAround(queue, repository, waits, async () => await withdraw(queue, 1))
    expect(await queue.states()).toEqual(['pending', 'landed'])
  })

  it('when base has moved', async () => {
    using repository = makeRepository()
    await using queue = await queueWorld(repository, files('a'))
    await settleAround(queue, repository, 'test ! -e mended', () => {
      repository.write('mended', 'by a person\n')
      repository.git('add', 'mended')
      repository.git('commit', '-qm', 'mended')
    })
    expect(await queue.states()).toEqual(['landed'])
    expect(queue.files()).toEqual(['README.md', 'a', 'mended'])
  })
})
