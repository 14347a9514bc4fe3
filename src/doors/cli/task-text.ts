import type { Landing } from '../../board/landing.ts'
import type { Lane } from '../../board/lane.ts'
import type { Lease } from '../../board/lease.ts'
import type { NetworkPolicy } from '../../board/network.ts'
import type { Run } from '../../board/run.ts'
import type { Standing, Task } from '../../board/task.ts'
import type { KeptBeside } from '../../operations/kept-beside.ts'
import { keptLines } from './kept-text.ts'

interface Shown extends Task {
  readonly standing: Standing | null
  readonly reaches: NetworkPolicy
  readonly lease: Lease | null
  readonly lanes: readonly Lane[]
  readonly runs: readonly (Run & { readonly interrupted: boolean })[]
  readonly landing: Landing | null
  readonly kept: readonly KeptBeside[]
  readonly notes: readonly { readonly kind: string; readonly text: string }[]
}

/** `worklane task show` for people. */
export function taskText(task: Shown): string {
  const { standing, lease, landing } = task
  const waits =
    standing !== null && standing.kind !== 'ready'
      ? `, ${standing.kind} by ${standing.by.map((id) => `#${id}`).join(', ')}`
      : ''
  return [
    `#${task.id} ${task.subject}`,
    `State     ${task.state.replace('_', ' ')}${waits}; ${task.failures} of ${task.maxAttempts} attempts used`,
    ...(task.after.length === 0 ? [] : [`After     ${task.after.map((id) => `#${id}`).join(', ')}`]),
    ...(task.touches.length === 0 ? [] : [`Touches   ${task.touches.join(', ')}`]),
    ...(task.command === null ? [] : [`Agent     ${task.command}`]),
    ...(task.verify === null ? [] : [`Verify    ${task.verify}`]),
    `Network   ${networkText(task)}`,
    ...(lease === null
      ? []
      : [
          `Held by   ${lease.holder}, epoch ${lease.epoch}${lease.until === null ? '' : `, until ${new Date(lease.until).toISOString()}`}`,
        ]),
    ...task.lanes
      .filter(({ state }) => state !== 'removed')
      .map((lane) => `Lane      ${lane.path} (${lane.state}) on ${lane.branch}`),
    ...(landing === null
      ? []
      : [
          `Landing   ${landing.state.replace('_', ' ')}${landing.reason === null ? '' : `: ${landing.reason}`}${landing.files.length === 0 ? '' : ` (${landing.files.join(', ')})`}`,
        ]),
    ...[...task.runs]
      .reverse()
      .map(
        (run, at) =>
          `Attempt ${at + 1} ${run.outcome ?? (run.interrupted ? 'interrupted, worklane up goes on' : run.state)}${wallsOf(run)}: ${(run.detail ?? run.command).split('\n', 1)[0] ?? ''}`,
      ),
    ...keptLines(task.kept, 'Kept      '),
    ...(task.description === '' ? [] : ['', task.description]),
    ...withoutRepeats(task.notes).map(
      ({ kind, text, times }) => `\nNote (${kind}${times === 1 ? '' : `, ${times} times`}): ${text}`,
    ),
  ].join('\n')
}

function networkText({ network, reaches }: Shown): string {
  const what = reaches.mode === 'domains' ? `only ${reaches.domains.join(', ')}` : reaches.mode
  return `${what} (${network === null ? 'by the settings' : 'its own'})`
}

function wallsOf({ sandbox, state }: Run): string {
  if (sandbox === 'walls') return ''
  return state === 'ended' ? ', no walls' : ', NO WALLS'
}

interface Note {
  readonly kind: string
  readonly text: string
}

/** Attempts that end alike leave the same note again and again. */
function withoutRepeats(notes: readonly Note[]): (Note & { readonly times: number })[] {
  const told: (Note & { times: number })[] = []
  for (const note of notes) {
    const same = told.find(({ kind, text }) => kind === note.kind && text === note.text)
    if (same === undefined) told.push({ ...note, times: 1 })
    else same.times += 1
  }
  return told
}
