import { bareProgram } from './bare-program.ts'
import type { LimitCause } from './overload.ts'

/** A run is one attempt by one agent in one lane. */
export const RUN_STATES = ['starting', 'running', 'ended'] as const
export type RunState = (typeof RUN_STATES)[number]

export const RUN_OUTCOMES = ['completed', 'no_change', 'failed', 'timed_out', 'stopped', 'lost'] as const
export type RunOutcome = (typeof RUN_OUTCOMES)[number]

export interface Run {
  readonly id: number
  readonly taskId: number
  readonly laneId: number
  readonly epoch: number
  readonly state: RunState
  readonly command: string
  /** Marks every process of the run in its environment (`WORKLANE_RUN`). */
  readonly token: string
  readonly directory: string
  /** `none`: it could do whatever its user can. */
  readonly sandbox: 'walls' | 'none'
  readonly outcome: RunOutcome | null
  readonly detail: string | null
  readonly exitCode: number | null
  readonly signal: string | null
  readonly startedAt: number
  readonly endedAt: number | null
}

/** What is known when the worker is gone. */
export interface Evidence {
  /** Commits on the lane beyond its start point, ours for left-over work included. */
  readonly commits: number
  readonly exitCode: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  readonly stopRequested: boolean
  /** The limit that the run met, whether or not it was ended for it. */
  readonly limit: LimitCause | null
  /** Null: the task has no checks. */
  readonly checks: { readonly green: boolean; readonly failed: string } | null
  readonly allowEmpty: boolean
  /** A rebase, merge or the like that the agent left unfinished; null when there is none. */
  readonly unfinished: string | null
  /** A sentence on what a merge of base took away again of others' work; null: nothing. */
  readonly undone: string | null
  /** A sentence on work in repositories inside of the lane that would not land; null: there is none. */
  readonly inner: string | null
  /** The program that its command begins with, where the machine has none of that name; null: it has, or who knows. */
  readonly missing: string | null
}

export interface Verdict {
  readonly outcome: RunOutcome
  /** One sentence for people and for the next attempt. */
  readonly detail: string
  /** The next attempt would come to the same: a person has to change something first. */
  readonly hopeless?: true
}

/** What is wrong with a lane in which a merge of base took away what base had changed, and how to mend it. */
export function undoneSentence(base: string, { merge, from, paths }: UndoneFacts): string {
  const named = paths.slice(0, 10).map((path) => JSON.stringify(path))
  const more = paths.length > 10 ? ` and ${paths.length - 10} more` : ''
  return (
    `The merge ${merge.slice(0, 12)} of ${base} takes away what others had changed there, where nothing conflicted: ` +
    `${named.join(', ')}${more}. Bring it back: git checkout ${from.slice(0, 12)} -- FILE (git rm FILE where they deleted it), then commit.`
  )
}

interface UndoneFacts {
  readonly merge: string
  readonly from: string
  readonly paths: readonly string[]
}

/**
 * An agent's own "done" and its exit code are not trusted: what counts is commits and checks. A non-zero exit code
 * fails the attempt only where no checks can speak for the work.
 */
export function judge(evidence: Evidence): Verdict {
  const { limit } = evidence
  if (limit?.ended === true) return { outcome: 'failed', detail: limit.text }
  const verdict = judgeWork(evidence)
  const isWhy = ['failed', 'timed_out'].includes(verdict.outcome)
  // Programs that were killed are news also where the work succeeded: it may lack what they would have done.
  const isNews = limit?.limit === 'memory' && verdict.outcome !== 'stopped'
  if (limit === null || !(isWhy || isNews)) return verdict
  return { ...verdict, detail: `${verdict.detail} ${limit.text}` }
}

/** What a shell exits with where there is no such command (POSIX, 2.8.2). */
export const NOT_FOUND = 127
/** And where it cannot start one. */
const UNSTARTED: Readonly<Record<number, string>> = {
  126: 'So a shell says that the command cannot be run.',
  [NOT_FOUND]: 'So a shell says that there is no such command.',
}
const HOW_TO_NAME =
  'A lane has only what is committed: commit the command, or name it by its absolute path. What walls show: worklane sandbox test; to show more: sandbox.read in worklane.yaml'

/** Whether it ended because there is no such program, as far as the run itself tells. */
export function foundNoProgram({
  outcome,
  exitCode,
  command,
}: Pick<Run, 'outcome' | 'exitCode' | 'command'>): boolean {
  return outcome === 'failed' && exitCode === NOT_FOUND && bareProgram(command) !== null
}

function missingSentence(program: string): string {
  return `There is no program ${program} on your PATH: install it, or give another command.`
}

function judgeWork(evidence: Evidence): Verdict {
  if (evidence.stopRequested) return { outcome: 'stopped', detail: 'Stopped on request.' }
  if (evidence.timedOut) return { outcome: 'timed_out', detail: 'The time limit was reached.' }
  if (evidence.unfinished !== null)
    return { outcome: 'failed', detail: `The agent left an unfinished ${evidence.unfinished}.` }
  const wrong = evidence.undone ?? evidence.inner
  if (wrong !== null) return { outcome: 'failed', detail: wrong }
  const how =
    evidence.signal !== null ? `was ended by ${evidence.signal}` : `exited with ${evidence.exitCode}`
  const clean = evidence.exitCode === 0
  if (evidence.commits === 0) {
    if (evidence.allowEmpty && clean) return { outcome: 'no_change', detail: 'No change was needed.' }
    const detail = `The agent ${how} without a commit or a changed file.`
    if (evidence.missing !== null)
      return { outcome: 'failed', detail: `${detail} ${missingSentence(evidence.missing)}`, hopeless: true }
    const unstarted = UNSTARTED[evidence.exitCode ?? 0]
    if (unstarted === undefined) return { outcome: 'failed', detail }
    return { outcome: 'failed', detail: `${detail} ${unstarted} ${HOW_TO_NAME}`, hopeless: true }
  }
  if (evidence.checks !== null && !evidence.checks.green)
    return { outcome: 'failed', detail: `The check \`${evidence.checks.failed}\` failed.` }
  if (!clean && evidence.checks === null)
    return { outcome: 'failed', detail: `The agent ${how}, and no checks can speak for its work.` }
  const n = evidence.commits
  return {
    outcome: 'completed',
    detail: `${n} ${n === 1 ? 'commit' : 'commits'}${clean ? '' : `; the agent ${how}`}.`,
  }
}
