import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import {
  type Control,
  type GitScene,
  type Mark,
  makeGitScene,
  type Ran,
} from '../fixtures/hostile-git/scene.ts'
import { GIT_STATES, type GitState } from '../fixtures/hostile-git/states.ts'
import { duration, type Figures, type Proof } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly states: number
  /** 1: all requests; 0: the life of one task. */
  readonly everything: number
}

interface Played {
  readonly state: string
  readonly marks: readonly Mark[]
  readonly ran: readonly Ran[]
  /** What a person's plain git did there. */
  readonly control: Control
  readonly failures: readonly string[]
  /** The lane's work is on main. */
  readonly landed: boolean
  readonly slowest: Slowest
}

interface Slowest {
  readonly request: string
  readonly milliseconds: number
}

/** Milliseconds of one request, with all that it tries again. */
const LONGEST = 60_000

export const orchestratorGit: Proof<Size> = {
  name: 'orchestrator-git',
  line: 'Every git command that the product runs on a lane, against lanes that make git run their code, with a person whose own settings name drivers in the repository: nothing of the lane runs outside of walls.',
  sample: { states: 1, everything: 0 },
  full: { states: GIT_STATES.length, everything: 1 },
  async run({ states, everything }, report): Promise<Figures> {
    const played: Played[] = []
    for (const state of GIT_STATES.slice(0, states)) {
      played.push(
        await report.once(state.name, async () => await play(report.worklane, state, everything === 1)),
      )
      report.say(`${state.name}: ${played.at(-1)?.marks.length ?? 0} outside`)
    }
    const outside = played.flatMap(({ state, marks }) =>
      marks.map(({ by, directory, how }) => `${state}: ${by}: ${how} in ${directory}`),
    )
    assert.deepEqual(outside, [])
    const unarmed = played
      .filter(({ control }) => control.executions + control.hung === 0)
      .map(({ state }) => state)
    assert.deepEqual(unarmed, [], 'plain git of a person neither runs anything of the lane nor waits for it')
    for (const { state, slowest } of played)
      assert.ok(slowest.milliseconds < LONGEST, `${state}: ${slowest.request}: ${slowest.milliseconds} ms`)
    return figures(played)
  },
}

async function play(worklane: string, state: GitState, everything: boolean): Promise<Played> {
  using scene = makeGitScene(worklane, state)
  const failures: string[] = []
  let epoch = ''
  let landed = false
  let slowest: Slowest = { request: '', milliseconds: 0 }
  const ask = async (...args: readonly string[]): Promise<void> => {
    const held = ['complete', 'release'].includes(args[0] ?? '') ? ['--epoch', epoch] : []
    const start = performance.now()
    const answer = await scene.ask<{ readonly epoch?: number; readonly landed?: readonly unknown[] }>(
      ...args,
      ...held,
    )
    const milliseconds = performance.now() - start
    if (milliseconds > slowest.milliseconds) slowest = { request: args[0] ?? '', milliseconds }
    if (!answer.ok) failures.push(`${args.slice(0, 2).join(' ')}: ${answer.error.code}`)
    else if (args[0] === 'land') landed = answer.data.landed?.length === 1
    else if (args[0] === 'claim') epoch = String(answer.data.epoch)
  }
  await ask('run', 'First', '--command', scene.plant, '--verify', 'true', '--review')
  scene.moveOn()
  scene.dirty(1)
  await look(ask, '1')
  const control = scene.control(1)
  if (everything) await restOfLife(scene, ask)
  const { marks, ran } = scene
  return { state: state.name, marks, ran, control, failures, landed, slowest }
}

type Ask = (...args: readonly string[]) => Promise<void>

async function look(ask: Ask, task: string): Promise<void> {
  await ask('lane', 'show', task)
  await ask('lane', 'diff', task)
  await ask('status')
  await ask('doctor')
}

async function restOfLife(scene: GitScene, ask: Ask): Promise<void> {
  await ask('reject', '1', '--note', 'Again')
  await ask('claim', '1', '--as', 'ann')
  scene.dirty(1)
  await look(ask, '1')
  await ask('complete', '1')
  await ask('approve', '1')
  await ask('land')
  await ask('run', 'Second', '--command', `${scene.plant}; exit 1`, '--verify', 'true', '--review')
  scene.dirty(2)
  await look(ask, '2')
  await ask('lane', 'remove', '2')
  await ask('lane', 'restore', '2')
  await look(ask, '2')
  rmSync(`${scene.root}/.worktrees/task-2`, { recursive: true, force: true })
  await ask('doctor', '--fix')
  await ask('task', 'retry', '2')
  await ask('claim', '2', '--as', 'ann')
  await ask('release', '2')
  await ask('task', 'cancel', '2')
  await ask('prune')
}

function figures(played: readonly Played[]): Figures {
  const all = played.flatMap(({ ran }) => ran)
  const distinct = (inside: boolean): number =>
    new Set(all.filter(({ isInside }) => isInside === inside).map(({ command }) => command)).size
  const failures = [
    ...new Set(played.flatMap(({ state, failures: some }) => some.map((one) => `${state}: ${one}`))),
  ]
  return {
    'hostile lane states': played.length,
    'of them in which plain git of a person (looks, a commit, a merge) runs the lane’s code': played.filter(
      ({ control }) => control.executions > 0,
    ).length,
    'executions of the lane’s code by that plain git': played
      .map(({ state, control }) => `${state}: ${control.executions}`)
      .join('; '),
    'states in which plain git of a person waits in vain': played.filter(({ control }) => control.hung > 0)
      .length,
    'states whose work was landed': played.filter(({ landed }) => landed).length,
    'git commands of the product, with their flags': new Set(all.map(({ command }) => command)).size,
    'of them inside walls': distinct(true),
    'of them outside, on the repository': distinct(false),
    'of them outside, told the work tree of a lane': all.filter(({ command }) => command.endsWith('(a lane)'))
      .length,
    'times git was run': all.length,
    'executions of the lane’s code outside of walls': 0,
    'longest request': longest(played),
    'requests that were refused or failed on the way': failures.join('; ') || 'none',
  }
}

function longest(played: readonly Played[]): string {
  const [most] = played.toSorted((a, b) => b.slowest.milliseconds - a.slowest.milliseconds)
  return most === undefined
    ? 'none'
    : `${duration(most.slowest.milliseconds)} (${most.slowest.request}, ${most.state})`
}
