import assert from 'node:assert/strict'
import { CRASH_POINTS } from '../../src/host/crash-point.ts'
import { CRASHES, type Crash, LANDINGS } from '../fixtures/crashes/operations.ts'
import {
  bystandersWork,
  checkTidy,
  killed,
  makeScene,
  repaired,
  SANDBOXES,
  type Sandbox,
} from '../fixtures/crashes/scene.ts'
import { duration, type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** Named crash points, spread over all of them; 0: every one of each operation. */
  readonly points: number
  /** Random moments. */
  readonly moments: number
  /** Trials at the same time. */
  readonly together: number
}

interface Trial {
  readonly operation: string
  readonly sandbox: Sandbox
  /** A named point, or how far into the operation's usual time, from 0 to 1. */
  readonly at: string | number
  /** Milliseconds that the repair took. */
  readonly repair: number
}

export const crashes: Proof<Size> = {
  name: 'crashes',
  line: '`kill -9` of the whole process group at 300 random moments of claim, run, land, remove, restore, and at every named crash point: the next start repairs all by itself within 30 s, the same task works again, 0 commits and 0 uncommitted bytes lost. A bystander’s `git worktree list`, `gc`, `fetch` and `fsck` work in every state in between.',
  sample: { points: 3, moments: 1, together: 2 },
  full: { points: 0, moments: 300, together: 2 },
  run: async (size, report) => await crashAll(size, report, CRASHES),
}

export const landingCrashes: Proof<Size> = {
  name: 'landing-crashes',
  line: '`kill -9` of the whole process group at 300 random moments and at every named crash point of `land`, of two tasks and of a stack of four in which one fails: the next start repairs all by itself within 30 s, what is fine lands, what fails is handed back, 0 commits lost, main is never broken, no lock is left.',
  sample: { points: 1, moments: 0, together: 1 },
  full: { points: 0, moments: 300, together: 2 },
  run: async (size, report) => await crashAll(size, report, LANDINGS),
}

async function crashAll(size: Size, report: Report, operations: readonly Crash[]): Promise<Figures> {
  const trials = await inTurn(planned(size, report.seed, operations), size.together, report)
  const points = trials.filter(({ at }) => typeof at === 'string')
  const moments = trials.filter(({ at }) => typeof at === 'number')
  return {
    'named crash points, each in the operations that pass it': `${new Set(points.map(({ at }) => at)).size} of ${CRASH_POINTS.length}, ${points.length} crashes`,
    'random moments': moments.length,
    ...Object.fromEntries(
      SANDBOXES.map((sandbox) => [
        sandbox === 'walls' ? 'crashes inside walls' : 'crashes without walls',
        trials.filter((one) => one.sandbox === sandbox).length,
      ]),
    ),
    ...Object.fromEntries(
      operations.map(({ name }) => [
        `crashes of \`${name}\``,
        trials.filter((one) => one.operation === name).length,
      ]),
    ),
    'repaired by the next start, nothing left over, the same task landed afterwards': trials.length,
    'longest repair': duration(Math.max(...trials.map(({ repair }) => repair))),
    'commits or uncommitted bytes lost': 0,
    'complaints of `git worktree list`, `fetch`, `gc`, `fsck` in between': 0,
  }
}

type Plan = Pick<Trial, 'operation' | 'sandbox' | 'at'>

function planned({ points, moments }: Size, seed: number, operations: readonly Crash[]): Plan[] {
  const random = randomNumbers(seed)
  const all = SANDBOXES.flatMap((sandbox) =>
    operations.flatMap(({ name, points }) =>
      points(sandbox).map((at): Plan => ({ operation: name, sandbox, at })),
    ),
  )
  const some =
    points === 0
      ? all
      : Array.from({ length: points }, () => all[Math.floor(random() * all.length)] ?? assert.fail())
  const times = Array.from(
    { length: moments },
    (_, n): Plan => ({
      operation: operations[n % operations.length]?.name ?? '',
      sandbox: SANDBOXES[Math.floor(n / operations.length) % SANDBOXES.length] ?? 'none',
      at: random(),
    }),
  )
  return [...some, ...times]
}

async function inTurn(plans: readonly Plan[], together: number, report: Report): Promise<Trial[]> {
  const trials: Trial[] = []
  const left = plans.entries()
  const work = async (): Promise<void> => {
    for (const [n, plan] of left) {
      const name = `${n + 1} of ${plans.length}: ${plan.operation} at ${plan.at}, sandbox ${plan.sandbox}`
      trials.push(await report.once(name, async () => await tryOut(plan, report, name)))
    }
  }
  await Promise.all(Array.from({ length: together }, work))
  return trials
}

async function tryOut({ operation, sandbox, at }: Plan, report: Report, name: string): Promise<Trial> {
  const crash = CRASHES.find((one) => one.name === operation) ?? assert.fail()
  report.say(name)
  if (typeof at === 'string')
    return (
      (await oneCrash(crash, { sandbox, at }, report, name)) ?? assert.fail(`${name}: it does not pass there`)
    )
  // Now and then it ends sooner than usual: then it is tried again, sooner.
  for (let moment = at * (await usualTime(crash, sandbox, report.worklane)); ; moment *= 0.7) {
    const trial = await oneCrash(crash, { sandbox, at: moment }, report, name)
    if (trial !== null) return { ...trial, at }
  }
}

/** Null: the operation had ended before. */
async function oneCrash(
  crash: Crash,
  { sandbox, at }: Pick<Plan, 'sandbox' | 'at'>,
  report: Report,
  name: string,
): Promise<Trial | null> {
  using scene = makeScene(report.worklane, { sandbox })
  const goOn = await crash.prepare(scene)
  if (!(await killed(scene, { args: crash.args(scene), at }))) return null
  try {
    await bystandersWork(scene)
    const repair = await repaired(scene)
    await goOn()
    await repaired(scene)
    await checkTidy(scene)
    return { operation: crash.name, sandbox, at, repair }
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

const USUAL = new Map<string, Promise<number>>()

/** How long the operation takes when nobody kills it. */
async function usualTime(crash: Crash, sandbox: Sandbox, worklane: string): Promise<number> {
  const key = `${crash.name} ${sandbox}`
  const known = USUAL.get(key)
  if (known !== undefined) return await known
  const measured = (async () => {
    using scene = makeScene(worklane, { sandbox })
    await crash.prepare(scene)
    const began = performance.now()
    await killed(scene, { args: crash.args(scene), at: 60_000 })
    return performance.now() - began
  })()
  USUAL.set(key, measured)
  return await measured
}
