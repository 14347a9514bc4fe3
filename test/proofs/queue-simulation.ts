import assert from 'node:assert/strict'
import { batchSize, runsPerLanding } from '../../src/board/prefix-search.ts'
import { isRefusal } from '../../src/board/refusal.ts'
import { Engine } from '../../src/engine/engine.ts'
import { landingController } from '../../src/engine/landing/controller.ts'
import type { World } from '../../src/engine/world.ts'
import { completeTask } from '../../src/ledger/landings.ts'
import { claimTask } from '../../src/ledger/leases.ts'
import { findTask } from '../../src/ledger/tasks.ts'
import { transact } from '../../src/ledger/transact.ts'
import { openWorld } from '../../src/operations/open.ts'
import { fillBoard } from '../fixtures/board.ts'
import { writeHistory } from '../fixtures/history.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'
import { type Suites, virtualSlots } from '../fixtures/virtual-slots.ts'
import { type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** Landings for each rate of failures, how many of the rates, and bursts for each number of slots. */
  readonly landings: number
  readonly rates: number
  readonly bursts: number
}

/** Rates of failures, and the size of stack that suits each. */
const RATES = [0.01, 0.05, 0.1, 0.2] as const
const BURST = 48
const BURST_RATE = 0.05
/** Suite times that a burst may take, by verify slots. */
const BURST_LIMITS = [
  [1, 15],
  [8, 7.5],
] as const

export const queueSimulation: Proof<Size> = {
  name: 'queue-simulation',
  line: 'The real landing queue on a real repository, only its verify runs take a virtual suite time each: verify runs per landed task as reckoned, for each rate of failures, and how long a burst takes.',
  sample: { landings: 12, rates: 1, bursts: 0 },
  full: { landings: 400, rates: 4, bursts: 6 },
  async run(size, report): Promise<Figures> {
    const figures: Record<string, string> = {}
    for (const rate of RATES.slice(-size.rates)) {
      const batch = batchSize(rate, 1)
      const count = Math.round(size.landings * (rate < 0.02 ? 1.5 : 1))
      const seed = report.seed + rate * 1000
      const one = await report.once(
        `rate ${rate}`,
        async () => await queueOf({ count, rate, slots: 1, batch, seed }),
      )
      const [runs, reckoned] = [one.searched / one.landed, runsPerLanding(batch, rate)]
      if (count >= 400)
        assert.ok(
          Math.abs(runs / reckoned - 1) <= 0.1,
          `${rate}: ${runs} runs per landing, reckoned ${reckoned}`,
        )
      figures[`${rate}: verify runs for a landing, ${batch} stacked (reckoned)`] =
        `${runs.toFixed(3)} (${reckoned.toFixed(3)})`
      figures[`${rate}: with the second runs of what failed`] = (one.runs / one.landed).toFixed(3)
      report.say(`rate ${rate}: ${one.landed} landed, ${one.rejected} rejected, ${one.runs} runs`)
    }
    for (const [slots, limit] of size.bursts === 0 ? [] : BURST_LIMITS) {
      const times = await bursts(size.bursts, slots, report)
      const mean = times.reduce((sum, time) => sum + time, 0) / times.length
      assert.ok(mean <= limit, `a burst took ${mean} suite times`)
      figures[
        `a burst of ${BURST} at ${BURST_RATE}, ${slots} at once: suite times until the last has landed (mean, longest)`
      ] = `${mean.toFixed(1)}, ${Math.max(...times)} (at most ${limit})`
    }
    return figures
  },
}

async function bursts(count: number, slots: number, report: Report): Promise<number[]> {
  const times: number[] = []
  for (let n = 1; n <= count; n += 1) {
    const seed = report.seed + n
    // Two or three of 48, as many as the rate says on average.
    const rate = (n % 2 === 0 ? 2 : 3) / BURST
    const one = await report.once(
      `burst ${n}, ${slots} slots`,
      async () => await queueOf({ count: BURST, rate, slots, batch: null, seed }),
    )
    times.push(one.lastLanding)
    report.say(`burst ${n}, ${slots} at once: ${one.lastLanding} suite times`)
  }
  return times
}

interface QueueRun {
  readonly count: number
  readonly rate: number
  readonly slots: number
  readonly batch: number | null
  readonly seed: number
}

interface Worked extends Suites {
  readonly landed: number
  readonly rejected: number
}

/** Hands `count` tasks in, of which the given share fails, and works the queue until nothing can move. */
async function queueOf({ count, rate, slots, batch, seed }: QueueRun): Promise<Worked> {
  using repository = makeRepository()
  const ids = await fillBoard(
    repository.gitDir,
    Array.from({ length: count }, (_, at) => `Work ${at}`),
  )
  const bad = pick(ids, Math.round(count * rate), seed)
  const signals = { stop: new AbortController().signal, hurry: new AbortController().signal }
  const opened = await openWorld(repository.root, signals)
  const { settings } = opened
  const world: World = {
    ...opened,
    sandbox: 'none',
    settings: { ...settings, landing: { ...settings.landing, batch, verify: 'the suite' } },
  }
  try {
    await handIn(world, repository, ids, bad)
    const isGreen = (commit: string): boolean => !treeOf(repository, commit).includes('.bad')
    const virtual = virtualSlots(world, slots, isGreen, () => repository.git('rev-parse', 'main'))
    const mayLand = async (): Promise<boolean> => true
    const options = { verify: 'the suite', mayLand, paused: () => false, slots: virtual.slots }
    const engine = new Engine(world, [landingController(world, options)])
    await engine.settle()
    for (const { error } of engine.trouble.values()) throw error
    return { ...virtual.suites(), ...(await check(world, repository, ids, bad)) }
  } finally {
    await world.ledger.close()
  }
}

function pick(ids: readonly number[], count: number, seed: number): ReadonlySet<number> {
  const random = randomNumbers(seed)
  const shuffled = ids.map((id) => ({ id, at: random() })).sort((a, b) => a.at - b.at)
  return new Set(shuffled.slice(0, count).map(({ id }) => id))
}

function treeOf({ git }: TestRepository, commit: string): string {
  return git('ls-tree', '-r', '--name-only', commit)
}

/** Each task is claimed and completed with a commit of its own file, which a suite can tell to be good or bad. */
async function handIn(
  world: World,
  repository: TestRepository,
  ids: readonly number[],
  bad: ReadonlySet<number>,
): Promise<void> {
  const branch = (id: number): string => `work/${id}`
  const file = (id: number): string => (bad.has(id) ? `${id}.bad` : `${id}.good`)
  writeHistory(repository, [
    { branch: 'start', tree: { 'README.md': '# Test\n' } },
    ...ids.map((id) => ({
      branch: branch(id),
      from: ['start'],
      tree: { 'README.md': '# Test\n', [file(id)]: 'x\n' },
    })),
  ])
  repository.git('reset', '-q', '--hard', 'start')
  const results = repository.git(
    'for-each-ref',
    '--format=%(refname:lstrip=3) %(objectname)',
    'refs/heads/work',
  )
  const done = await transact(world.ledger, world.actor, async (tx) => {
    for (const [id, result = ''] of results.split('\n').map((line) => line.split(' '))) {
      const claimed = await claimTask(tx, Number(id), { holder: 'agent', length: null })
      if (isRefusal(claimed)) return claimed
      const task = await findTask(tx.db, Number(id))
      if (task === undefined) throw new Error(`task ${id} is gone`)
      const completion = { style: 'merge', base: 'main', result, review: false, verify: null } as const
      await completeTask(tx, task, completion)
    }
    return null
  })
  if (isRefusal(done)) throw new Error(done.message)
}

/** Everything good is on main, nothing bad ever was, and each head that main had was green. */
async function check(
  world: World,
  repository: TestRepository,
  ids: readonly number[],
  bad: ReadonlySet<number>,
): Promise<{ landed: number; rejected: number }> {
  const there = treeOf(repository, 'main').split('\n')
  const states = await Promise.all(ids.map(async (id) => (await findTask(world.ledger.db, id))?.state))
  const landed = states.filter((state) => state === 'landed').length
  assert.equal(landed, ids.length - bad.size)
  assert.equal(there.filter((name) => /^\d+\.good$/.test(name)).length, landed)
  // Not those of the set-up.
  for (const head of repository.git('reflog', 'show', '--format=%H', 'main').split('\n'))
    assert.ok(!treeOf(repository, head).includes('.bad'), `main was at ${head}, which is red`)
  return { landed, rejected: bad.size }
}
