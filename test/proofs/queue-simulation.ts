import assert from 'node:assert/strict'
import { batchSize, runsPerLanding } from '../../src/board/prefix-search.ts'
import { queueWorld } from '../fixtures/queue-world.ts'
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
  full: { landings: 400, rates: 4, bursts: 15 },
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
    // Twelve of five times 48, as the rate says.
    const rate = (n % 5 === 2 || n % 5 === 4 ? 3 : 2) / BURST
    const one = await report.once(
      `burst ${n} of ${count}, ${slots} slots`,
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
  const all = Array.from({ length: count }, (_, at) => at)
  const bad = pick(all, Math.round(count * rate), seed)
  const trees = all.map((at) => ({ [bad.has(at) ? `${at}.bad` : `${at}.good`]: 'x\n' }))
  await using queue = await queueWorld(repository, trees, { batch })
  const isGreen = (commit: string): boolean => !treeOf(repository, commit).includes('.bad')
  const virtual = virtualSlots(queue.world, slots, isGreen, () => repository.git('rev-parse', 'main'))
  await queue.settle({ verify: 'the suite', slots: virtual.slots })
  check(repository, queue.files(), count - bad.size)
  const landed = (await queue.states()).filter((state) => state === 'landed').length
  assert.equal(landed, count - bad.size)
  return { ...virtual.suites(), landed, rejected: bad.size }
}

function pick(all: readonly number[], count: number, seed: number): ReadonlySet<number> {
  const random = randomNumbers(seed)
  const shuffled = all.map((at) => ({ at, by: random() })).sort((a, b) => a.by - b.by)
  return new Set(shuffled.slice(0, count).map(({ at }) => at))
}

function treeOf({ git }: TestRepository, commit: string): string {
  return git('ls-tree', '-r', '--name-only', commit)
}

/** Everything good is on main, nothing bad ever was, and each head that main had was green. */
function check(repository: TestRepository, files: readonly string[], good: number): void {
  assert.equal(files.filter((name) => /^\d+\.good$/.test(name)).length, good)
  for (const head of repository.git('reflog', 'show', '--format=%H', 'main').split('\n'))
    assert.ok(!treeOf(repository, head).includes('.bad'), `main was at ${head}, which is red`)
}
