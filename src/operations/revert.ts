import * as z from 'zod'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import type { Task } from '../board/task.ts'
import { told } from '../engine/told.ts'
import { setOwnRefs } from '../host/git/own-refs.ts'
import { branchTip } from '../host/git/refs.ts'
import { makeRevert } from '../host/git/revert.ts'
import { completeTask, latestLanding } from '../ledger/landings.ts'
import { claimTask } from '../ledger/leases.ts'
import { addTasks, listTasks, needTask } from '../ledger/tasks.ts'
import { transact } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { type Context, operation } from './operation.ts'

export default operation({
  summary: 'Undo a landed task with a new one',
  examples: ['worklane revert 7', 'worklane land        (lands the revert, verified as any other)'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: task }),
  async run(context, { id }) {
    const { world } = context
    const landed = await needTask(world.ledger.db, id)
    if (isRefusal(landed)) return landed
    const revert = await revertCommit(context, landed)
    return isRefusal(revert) ? revert : await queue(context, landed, revert)
  },
})

interface Revert {
  readonly commit: string
  readonly base: string
}

/** Made before any task exists, so that a revert that conflicts leaves nothing behind. */
async function revertCommit({ world }: Context, landed: Task): Promise<Revert | Refusal> {
  const { id, subject } = landed
  const landing = await latestLanding(world.ledger.db, id)
  if (
    landed.state !== 'landed' ||
    landing?.state !== 'landed' ||
    landing.candidate === null ||
    landing.candidateOn === null ||
    landing.candidate === landing.candidateOn
  )
    return refuse(
      'not-landed',
      `Task ${id} is ${landed.state.replace('_', ' ')} and has no change on base.`,
      'Only a task that landed with a change can be reverted.',
    )
  const { base, style } = landing
  const before = (await listTasks(world.ledger.db)).find(
    (task) => task.subject.startsWith(`Revert task ${id}: `) && !['failed', 'cancelled'].includes(task.state),
  )
  if (before !== undefined)
    return refuse(
      'already-reverted',
      `Task ${before.id} undoes task ${id} already.`,
      `See it with: worklane task show ${before.id}`,
    )
  const tip = await branchTip({ gitDir: world.repository.commonDir }, base)
  if (tip === null)
    return refuse('no-base', `The branch ${base} does not exist.`, 'Nothing can be reverted there.')
  const made = await makeRevert(world.repository, {
    style,
    base: tip,
    landed: landing.candidate,
    landedOn: landing.candidateOn,
    message: {
      subject: `Revert task ${id}: ${told(world, subject)}`,
      body: `Undoes ${landing.candidate}.`,
      trailers: [['Worklane-Reverts', String(id)]],
    },
    sign: false,
  })
  if (made.kind === 'candidate') return { commit: made.commit, base }
  if (made.kind === 'empty')
    return refuse(
      'already-undone',
      `Nothing of task ${id} is left on ${base}.`,
      'There is nothing to revert.',
    )
  if (made.kind === 'unknown')
    return refuse(
      'cannot-revert',
      `Task ${id} cannot be reverted: ${made.reason}`,
      `Revert it by hand: git revert ${landing.candidate}`,
    )
  const files = [...new Set(made.files.map(({ path }) => path))].join(', ')
  return refuse(
    'revert-conflicts',
    `What landed after task ${id} changed the same lines: ${files}`,
    `Add a task for it: worklane task add "Undo: ${subject.slice(0, 40)}"`,
  )
}

/** A task like any other whose result is there already: claimed, completed and queued in one transaction. */
async function queue({ world }: Context, landed: Task, { commit, base }: Revert): Promise<unknown | Refusal> {
  await setOwnRefs(world.repository.commonDir, new Map([[`refs/worklane/revert/${landed.id}`, commit]]))
  const { style, review, verify } = world.settings.landing
  return await transact(world.ledger, world.actor, async (tx) => {
    const subject = `Revert task ${landed.id}: ${landed.subject}`.slice(0, 200)
    const { id: _, state: _state, epoch: _epoch, result: _result, ...like } = landed
    const ids = await addTasks(tx, [
      { ...like, subject, description: `Undo what task ${landed.id} landed.`, allowEmpty: false, after: [] },
    ])
    if (isRefusal(ids)) return ids
    const [id = 0] = ids
    const claim = await claimTask(tx, id, { holder: 'revert', length: null })
    if (isRefusal(claim)) return claim
    const landing = await completeTask(tx, claim.task, { style, base, result: commit, review, verify })
    return isRefusal(landing) ? landing : { id, reverts: landed.id, commit, landing: landing.state }
  })
}
