import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { fillBoard } from '../fixtures/board.ts'
import { type Answer, answerOf, demand, runProcess } from '../fixtures/product.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'
import { type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly trials: number
  /** Trials at the same time. */
  readonly together: number
}

const HOUR = 3_600_000
const TEN_YEARS = 10 * 365 * 24 * HOUR
const JUMPS = [0, HOUR, -HOUR, TEN_YEARS, -TEN_YEARS]
const CLOCK = fileURLToPath(new URL('../fixtures/programs/clock.cjs', import.meta.url))

type Counts = Readonly<Record<string, number>>

export const twoEngines: Proof<Size> = {
  name: 'two-engines',
  line: '1,000 trials of two engines and clock jumps of an hour and of ten years: one owner, no stale effect.',
  sample: { trials: 2, together: 2 },
  full: { trials: 1000, together: 3 },
  async run({ trials, together }, report): Promise<Figures> {
    const total: Record<string, number> = {}
    const left = Array.from({ length: trials }, (_, n) => n + 1).values()
    const work = async (): Promise<void> => {
      for (const n of left) {
        const name = `${n % 2 === 0 ? 'leases' : 'engines'} ${n}`
        const counts = await report.once(name, async () => await trial(report, n))
        for (const [kind, count] of Object.entries(counts)) total[kind] = (total[kind] ?? 0) + count
        if (n % 50 === 0) report.say(name)
      }
    }
    await Promise.all(Array.from({ length: together }, work))
    return {
      trials,
      ...total,
      'tasks that landed twice, or that two had at once': 0,
      'stale effects accepted': 0,
    }
  },
}

async function trial(report: Report, n: number): Promise<Counts> {
  const random = randomNumbers(report.seed * 10_000 + n)
  using repository = makeRepository()
  const clock = openClock(join(repository.root, '..', 'offset'), random)
  const scene = { root: repository.root, gitDir: repository.gitDir, worklane: report.worklane, clock, random }
  return n % 2 === 0 ? await leases(scene) : await engines(scene)
}

interface Clock {
  readonly env: NodeJS.ProcessEnv
  jump(): void
}

/** The clock of every process that gets `env`. */
function openClock(file: string, random: () => number): Clock {
  const jump = (): void => {
    writeFileSync(`${file}.new`, String(JUMPS[Math.floor(random() * JUMPS.length)]))
    renameSync(`${file}.new`, file)
  }
  jump()
  return { env: { NODE_OPTIONS: `--require=${CLOCK}`, CLOCK_OFFSET_FILE: file }, jump }
}

interface Scene {
  readonly root: string
  readonly gitDir: string
  readonly worklane: string
  readonly clock: Clock
  readonly random: () => number
}

interface Engine {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
}

/** Two engines start at once while the clock jumps; in every other trial the one that runs is killed. */
async function engines(scene: Scene): Promise<Counts> {
  const { root, gitDir, worklane, clock, random } = scene
  const tasks = await fillBoard(gitDir, ['One', 'Two'])
  const first = [start(scene), start(scene)]
  const jumping = setInterval(clock.jump, 50)
  const isKilled = random() < 0.5
  try {
    const loser = await Promise.race(first.map(async ({ ended }, at) => await ended.then(() => at)))
    assert.equal(await first[loser]?.ended, 1)
    const winner = first[1 - loser] ?? assert.fail()
    if (isKilled) {
      await wait(random() * 400)
      winner.child.kill('SIGKILL')
      await winner.ended
    }
    const owner = isKilled ? start(scene) : winner
    await allLanded(gitDir)
    await demand(worklane, root, 'stop')
    assert.equal(await owner.ended, 0)
  } finally {
    clearInterval(jumping)
    for (const { child } of first) child.kill('SIGKILL')
  }
  const merges = plainGit(root, 'log', '--first-parent', '--format=%s', 'main')
    .split('\n')
    .filter((line) => /^Merge task/.test(line))
  assert.equal(merges.length, tasks.length, merges.join(', '))
  assert.equal(look(gitDir, "select count(*) from event where type = 'engine.started'"), isKilled ? 2 : 1)
  return { 'trials of two engines': 1, 'of them with the owner killed in between': Number(isKilled) }
}

function start({ root, worklane, clock }: Scene): Engine {
  const args = ['up', '--command', 'echo done > file-$WORKLANE_TASK', '-j', '2', '--json']
  const child = spawn(worklane, args, { cwd: root, env: { ...process.env, ...clock.env }, stdio: 'ignore' })
  return { child, ended: new Promise((answer) => child.once('exit', (code) => answer(code))) }
}

async function allLanded(gitDir: string): Promise<void> {
  const open = "select count(*) from task where state <> 'landed'"
  for (const end = performance.now() + 60_000; look(gitDir, open) !== 0; await wait(20))
    assert.ok(performance.now() < end, 'the engine stands still')
}

function look(gitDir: string, query: string): unknown {
  const ledger = new Database(join(gitDir, 'worklane/ledger.db'), { readonly: true })
  try {
    return ledger.prepare(query).pluck().get()
  } finally {
    ledger.close()
  }
}

/** A lease holds while the clocks of others jump, ends when its time is over, and is worth nothing afterwards. */
async function leases(scene: Scene): Promise<Counts> {
  const { gitDir, clock } = scene
  await fillBoard(gitDir, ['One', 'Two'])
  const began = performance.now()
  await agreed(scene, 'claim', '1', '--as', 'first', '--lease', '8s')
  clock.jump()
  const early = [
    await askWith(scene, 'claim', '1', '--as', 'second'),
    await askWith(scene, 'doctor', '--fix'),
  ]
  clock.jump()
  const beat = await askWith(scene, 'heartbeat', '1', '--epoch', '1')
  // On a very busy machine the lease may really be over by now.
  if (performance.now() - began < 7_000)
    assert.deepEqual([...early.map(codeOf), codeOf(beat)], ['already-claimed', 'ok', 'ok'])
  await agreed(scene, 'claim', '2', '--as', 'second', '--lease', '50ms')
  await wait(60)
  clock.jump()
  await agreed(scene, 'claim', '2', '--as', 'third')
  clock.jump()
  const stale = ['heartbeat', 'complete', 'release'].map((verb) => [verb, '2', '--epoch', '1'])
  for (const args of stale) assert.equal(codeOf(await askWith(scene, ...args)), 'stale-lease', args.join(' '))
  return { 'trials of leases under jumping clocks': 1, 'stale effects tried': stale.length }
}

const codeOf = (answer: Answer): string => (answer.ok ? 'ok' : answer.error.code)

/** One request of a process whose clock is wrong. */
async function askWith<T>({ root, worklane, clock }: Scene, ...args: readonly string[]): Promise<Answer<T>> {
  const env = clock.env as Record<string, string>
  return answerOf<T>(await runProcess({ file: worklane, args: [...args, '--json'], cwd: root, env }))
}

async function agreed<T>(scene: Scene, ...args: readonly string[]): Promise<T> {
  const answer = await askWith<T>(scene, ...args)
  assert.ok(
    answer.ok,
    `${args.join(' ')}: ${answer.ok ? '' : `${answer.error.code}: ${answer.error.message}`}`,
  )
  return answer.data
}
