import assert from 'node:assert/strict'
import {
  type DrawnState,
  describeState,
  drawPreparations,
  drawState,
  type Random,
} from '../fixtures/lane-states/draw.ts'
import {
  bringIntoState,
  compareWith,
  type Expected,
  goOn,
  secretOf,
} from '../fixtures/lane-states/expected.ts'
import { EXTRAS, MEDDLING } from '../fixtures/lane-states/extras.ts'
import { everyObject } from '../fixtures/lane-states/portrait.ts'
import { type ClaimedLane, type LaneScene, laneAt, makeScene } from '../fixtures/lane-states/scene.ts'
import { STATES } from '../fixtures/lane-states/states.ts'
import { beforeState, bringBack, sendAway, sendRest, WAYS, type Way } from '../fixtures/lane-states/ways.ts'
import { listLanes } from '../fixtures/lane-views.ts'
import { demand } from '../fixtures/product.ts'
import type { TestRepository } from '../fixtures/repository.ts'
import { type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly states: number
  readonly perRepository: number
}

type Counts = Readonly<Record<string, number>>

export const laneStates: Proof<Size> = {
  name: 'lane-states',
  line: '1,000 lane states x remove, cancel, prune, landing, crash: 100% of the content back by `restore`; a secret in `.env` is never found in the object database or under any ref; no foreign worktree touched, one on an unmounted disk included.',
  sample: { states: 3, perRepository: 3 },
  full: { states: 1000, perRepository: 20 },
  async run(size, report): Promise<Figures> {
    const total = new Map<string, number>()
    for (let n = 1, left = size.states; left > 0; n += 1, left -= size.perRepository) {
      const count = Math.min(left, size.perRepository)
      const counts = await report.once(`repository ${n}`, async () => await oneRepository(count, report, n))
      for (const [key, value] of Object.entries(counts)) total.set(key, (total.get(key) ?? 0) + value)
    }
    return figures(total)
  },
}

/** One lane with what is to happen to it. */
interface Trial {
  readonly claimed: ClaimedLane
  readonly drawn: DrawnState
  readonly way: Way
}

async function oneRepository(count: number, report: Report, n: number): Promise<Counts> {
  const random = randomNumbers(report.seed * 10_000 + n)
  const prepared = drawPreparations(random)
  const secret = `main-${drawState(random, []).text.trim()}`
  const scene = await makeScene(report.worklane, count, prepared, secret)
  using repository = scene.repository
  const trials = scene.lanes.map((claimed, at): Trial => {
    const way = WAYS[(at + n + 1) % WAYS.length] ?? 'remove'
    return { claimed, drawn: drawState(random, prepared), way }
  })
  const began = performance.now()
  const counts = await play(report.worklane, scene, trials, random)
  const problems = [...scene.strangersTouched(), ...secretsFound(repository, scene, trials)]
  assert.deepEqual(problems, [])
  const each = Math.round((performance.now() - began) / count)
  report.say(`repository ${n}: ${count} lanes came back, ${each} ms each`)
  return counts
}

async function play(
  worklane: string,
  scene: LaneScene,
  trials: readonly Trial[],
  random: Random,
): Promise<Counts> {
  const tally = new Map<string, number>()
  const count = (key: string, by = 1): void => {
    tally.set(key, (tally.get(key) ?? 0) + by)
  }
  const expected = new Map<Trial, Expected>()
  await atATime(3, trials, async ({ claimed, way }) => await beforeState(worklane, scene, claimed, way))
  for (const trial of trials)
    named(trial, () => expected.set(trial, bringIntoState(trial.claimed.lane, trial.drawn)))
  const refs = refsOf(scene.repository)

  const crashes = new Map<Trial, string>()
  await atATime(3, trials, async (trial) => {
    const killed = await named(
      trial,
      async () => await sendAway(worklane, scene, trial.claimed, trial.way, random),
    )
    if (killed !== null) crashes.set(trial, killed)
  })
  await sendRest(worklane, scene, new Set(trials.map(({ way }) => way)))

  const back = async (trial: Trial): Promise<boolean> => {
    const was = expected.get(trial)
    if (was === undefined) throw new Error('nothing was recorded')
    return await named(trial, async () => {
      const { path, branch, stood } = await bringBack(worklane, scene, trial.claimed)
      const lane = laneAt(scene.repository, path, branch, trial.claimed.lane.own)
      count('lines', compareWith(lane, was, stood))
      return stood
    })
  }
  const ready = (await listLanes(worklane, scene.repository.root)).filter(({ state }) => state === 'ready')
  const standing = trials.filter(({ claimed }) => ready.some(({ task }) => task === claimed.task))
  for (const trial of standing) {
    // Killed before it had begun: whole as it is. Then it goes after all.
    assert.ok(await back(trial), `${describe(trial)}: stands, but is no lane`)
    await named(trial, async () => await sendAway(worklane, scene, trial.claimed, 'remove', random))
    count('stood')
  }
  forget(scene.repository)
  await atATime(3, trials, async (trial) => {
    assert.ok(!(await back(trial)), `${describe(trial)}: was never gone`)
  })
  assert.deepEqual(refsOf(scene.repository), refs)
  for (const trial of trials) {
    const was = expected.get(trial)
    if (was !== undefined && named(trial, () => goOn(trial.claimed.lane, was))) count('gone on')
    count(`way: ${trial.way}`)
    count(`state: ${trial.drawn.state.name}`)
    for (const { name } of trial.drawn.extras) count(`extra: ${name}`)
    if (trial.drawn.meddling !== null) count(`meddling: ${trial.drawn.meddling.name}`)
    const killed = crashes.get(trial)
    if (killed !== undefined) count(`killed: ${killed}`)
  }
  scene.repository.git('fsck', '--no-dangling', '--no-progress')
  await demand(worklane, scene.repository.root, 'doctor')
  return Object.fromEntries(tally)
}

function describe({ drawn, way, claimed }: Trial): string {
  return `task ${claimed.task}, ${way}: ${describeState(drawn)}`
}

/** Says which trial it was when it fails. */
function named<T>(trial: Trial, work: () => T): T {
  const tell = (error: unknown): never => {
    throw new Error(`${describe(trial)}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
  try {
    const done = work()
    return done instanceof Promise ? (done.catch(tell) as T) : done
  } catch (error) {
    return tell(error)
  }
}

async function atATime<T>(
  many: number,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = [...items]
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: many }, worker))
}

/** Branches, tags and stash, which a removed lane gives back as they were; a landing moves main. */
function refsOf({ git }: TestRepository): string[] {
  const refs = git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads', 'refs/tags').split('\n')
  const stash = git('stash', 'list', '--format=stash %H %gs').split('\n')
  return [...refs.filter((line) => !line.startsWith('refs/heads/main ')), ...stash]
}

/** What time and gc do to reflogs and to objects that nothing reaches: what comes back is in the archives. */
function forget({ git }: TestRepository): void {
  git('-c', 'gc.reflogExpire=now', '-c', 'gc.reflogExpireUnreachable=now', 'reflog', 'expire', '--all')
  git('pack-refs', '--all')
  git('prune', '--expire=now')
}

/** Sentences about secrets that are in git's objects, where they would reach other lanes and every mirror. */
function secretsFound(repository: TestRepository, scene: LaneScene, trials: readonly Trial[]): string[] {
  const objects = everyObject(repository)
  // The search must be able to find.
  assert.ok(objects.includes('export const a = 1'))
  const secrets = trials.flatMap(({ drawn }) =>
    drawn.extras.some(({ secret }) => secret === true) ? [secretOf(drawn).trim()] : [],
  )
  return [scene.secret, ...secrets]
    .filter((secret) => objects.includes(secret))
    .map((secret) => `${secret} is in the object database`)
}

function figures(total: ReadonlyMap<string, number>): Figures {
  const of = (kind: string): Record<string, number> =>
    Object.fromEntries(
      [...total].flatMap(([key, value]) =>
        key.startsWith(`${kind}: `) ? [[key.slice(kind.length + 2), value]] : [],
      ),
    )
  const text = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
  const ways = of('way')
  const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0)
  const killed = of('killed')
  return {
    'lane states': sum(ways),
    'came back by `lane restore` as they were: files byte for byte with modes and times, index, HEAD, reflog, what was begun': `${sum(ways)} of ${sum(ways)}`,
    'how they went': text(ways),
    'lines compared (a file, an answer of git)': total.get('lines') ?? 0,
    'killed with SIGKILL while they went': `${sum(killed)} (${text(killed)})`,
    'killed before anything was removed, and whole where they stood': total.get('stood') ?? 0,
    'what was begun was gone on with after the restore (`rebase --continue`, `bisect good`, …)':
      total.get('gone on') ?? 0,
    'kinds of state': `${Object.keys(of('state')).length} of ${STATES.length}, with 0 to 6 of ${EXTRAS.length} extras and ${MEDDLING.length} ways of meddling: ${text({ ...of('extra'), ...of('meddling') })}`,
    'secrets of `.env`, of kept and of other ignored files found in the object database or under a ref': 0,
    'worktrees of others touched, one of them on a disk that is away': 0,
  }
}
