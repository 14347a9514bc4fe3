import type { TaskState } from '../../../board/task.ts'
import type { RunSummary } from '../../../operations/snapshot.ts'
import { elapsed } from './elapsed.ts'
import { plainText } from './terminal-text.ts'
import { count, headline, shortCommit } from './wording.ts'

type Unfinished = RunSummary['unfinished']

/**
 * What a person reads at the end of `worklane run`: what landed, what did not, why and what to type next, and where
 * base is now. Lines are not cut to the terminal: commands must stay whole.
 */
export function summaryLines(summary: RunSummary): string[] {
  const { landed, branches, unfinished, interrupted } = summary
  if (landed.length + branches.length + unfinished.length === 0 && !interrupted)
    return ['Nothing to do: no task is open. Add one with: worklane task add SUBJECT']
  return [
    whatLanded(summary),
    ...whatIsReady(branches),
    ...whatDidNot(unfinished),
    whereBaseIs(summary),
    ...(interrupted ? ['Stopped before the end; all work is kept. Go on with: worklane run'] : []),
  ]
}

function whatLanded({ landed, branches, unfinished, took }: RunSummary): string {
  const all = landed.length + branches.length + unfinished.length
  const numbers = landed.length === 0 ? '' : `: ${landed.map((id) => `#${id}`).join(' ')}`
  if (branches.length === 0)
    return `Landed ${landed.length} of ${count(all, 'task')} in ${elapsed(took)}${numbers}`
  const others = landed.length === 0 ? '' : `; landed${numbers}`
  return `Completed ${branches.length} of ${count(all, 'task')} in ${elapsed(took)}, not landed (--no-land)${others}`
}

/** Each on its own branch, with the command that makes a pull request of it. */
function whatIsReady(branches: RunSummary['branches']): string[] {
  if (branches.length === 0) return []
  const blocks = branches.flatMap(({ id, subject, branch, commit, next }) => [
    `  #${id} ${plainText(subject)}: ${plainText(branch)} at ${shortCommit(commit)}`,
    `     → ${plainText(next)}`,
  ])
  const head = branches.length === 1 ? 'Ready: 1 branch' : `Ready: ${branches.length} branches`
  return ['', head, ...blocks, '  Or land them here: worklane land', '']
}

/** A line for each task; those that go on with the same command share the line that says so. */
function whatDidNot(unfinished: Unfinished): string[] {
  if (unfinished.length === 0) return []
  const byNext = Map.groupBy(unfinished, (task) => plainText(task.next))
  const blocks = [...byNext].flatMap(([next, tasks]) => [
    ...tasks.map(unfinishedLine),
    ...(next === '' ? [] : [`     → ${next}`]),
  ])
  return ['', `Not landed: ${count(unfinished.length, 'task')}`, ...blocks, '']
}

const STATE_WORDS: Readonly<Record<TaskState, string>> = {
  pending: 'pending',
  in_progress: 'in progress',
  completed: 'done',
  landed: 'landed',
  failed: 'failed',
  cancelled: 'cancelled',
}

function unfinishedLine({ id, subject, state, reason }: Unfinished[number]): string {
  const why = headline(reason ?? '')
  return `  #${id} ${plainText(subject)} (${STATE_WORDS[state]})${why === '' ? '' : `: ${why}`}`
}

function whereBaseIs({ base, commit, landed, verify, verified }: RunSummary): string {
  const place = `${plainText(base)} is at ${shortCommit(commit) || 'no commit'}`
  if (landed.length === 0) return `${place}: nothing landed.`
  if (verify === null)
    return `${place}, not verified: no verify command. Give one with: worklane run --verify COMMAND`
  return `${place}, ${verified ? 'verified' : 'but not everything was verified'} with \`${plainText(verify)}\`.`
}
