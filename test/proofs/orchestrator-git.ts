import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { type GitScene, type Mark, makeGitScene, type Ran } from '../fixtures/hostile-git/scene.ts'
import { GIT_STATES, type GitState } from '../fixtures/hostile-git/states.ts'
import type { Figures, Proof } from './proof.ts'

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
  /** A person's plain git would have run the lane's program. */
  readonly isArmed: boolean
  readonly failures: readonly string[]
}

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
    const armed = played.filter(({ isArmed }) => isArmed).length
    assert.ok(armed * 2 >= played.length, `only ${armed} of the states run anything at all`)
    return figures(played)
  },
}

async function play(worklane: string, state: GitState, everything: boolean): Promise<Played> {
  using scene = makeGitScene(worklane, state)
  const failures: string[] = []
  let epoch = ''
  const ask = async (...args: readonly string[]): Promise<void> => {
    const held = ['complete', 'release'].includes(args[0] ?? '') ? ['--epoch', epoch] : []
    const answer = await scene.ask<{ readonly epoch?: number }>(...args, ...held)
    if (!answer.ok) failures.push(`${args.slice(0, 2).join(' ')}: ${answer.error.code}`)
    else if (args[0] === 'claim') epoch = String(answer.data.epoch)
  }
  await ask('run', 'First', '--command', scene.plant, '--verify', 'true', '--review')
  await look(ask, '1')
  const isArmed = scene.control('.worktrees/task-1')
  if (everything) await restOfLife(scene, ask)
  return {
    isArmed,
    state: state.name,
    marks: scene.marks,
    ran: scene.ran,
    failures,
  }
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
  await look(ask, '1')
  await ask('complete', '1')
  await ask('approve', '1')
  await ask('land')
  await ask('run', 'Second', '--command', `${scene.plant}; exit 1`, '--verify', 'true', '--review')
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
    'of them in which plain git of a person (status, diff, add -n, checkout) runs the lane’s code':
      played.filter(({ isArmed }) => isArmed).length,
    'git commands of the product, with their flags': new Set(all.map(({ command }) => command)).size,
    'of them inside walls': distinct(true),
    'of them outside, on the repository': distinct(false),
    'of them outside, told the work tree of a lane': all.filter(({ command }) => command.endsWith('(a lane)'))
      .length,
    'times git was run': all.length,
    'executions of the lane’s code outside of walls': 0,
    'requests that were refused or failed on the way': failures.join('; ') || 'none',
  }
}
