import type { Transition } from './transition.ts'

export const LANDING_STATES = [
  'awaiting_review',
  'queued',
  'merging',
  'verifying',
  'moving',
  'held',
  'landed',
  'conflicted',
  'rejected',
  'withdrawn',
] as const
export type LandingState = (typeof LANDING_STATES)[number]
export type LandingStep =
  | 'ask_review'
  | 'enqueue'
  | 'approve'
  | 'disapprove'
  | 'start'
  | 'merge'
  | 'conflict'
  | 'fault'
  | 'hold'
  | 'verify'
  | 'reject'
  | 'land'
  | 'restart'
  | 'release'
  | 'cancel'

export const LANDING_TRANSITIONS: readonly Transition<LandingState, LandingStep>[] = [
  { from: '-', step: 'ask_review', to: 'awaiting_review' },
  { from: '-', step: 'enqueue', to: 'queued' },
  { from: 'awaiting_review', step: 'approve', to: 'queued' },
  { from: 'awaiting_review', step: 'disapprove', to: 'withdrawn' },
  { from: 'awaiting_review', step: 'cancel', to: 'withdrawn' },
  { from: 'queued', step: 'start', to: 'merging' },
  { from: 'queued', step: 'cancel', to: 'withdrawn' },
  { from: 'merging', step: 'merge', to: 'verifying' },
  { from: 'merging', step: 'conflict', to: 'conflicted' },
  { from: 'merging', step: 'fault', to: 'queued' },
  // Nothing to land: base has it all.
  { from: 'merging', step: 'land', to: 'landed' },
  { from: 'merging', step: 'hold', to: 'held' },
  { from: 'merging', step: 'cancel', to: 'withdrawn' },
  { from: 'verifying', step: 'verify', to: 'moving' },
  { from: 'verifying', step: 'reject', to: 'rejected' },
  { from: 'verifying', step: 'fault', to: 'queued' },
  { from: 'verifying', step: 'hold', to: 'held' },
  { from: 'verifying', step: 'cancel', to: 'withdrawn' },
  { from: 'moving', step: 'land', to: 'landed' },
  { from: 'moving', step: 'restart', to: 'queued' },
  { from: 'moving', step: 'fault', to: 'queued' },
  { from: 'moving', step: 'hold', to: 'held' },
  { from: 'held', step: 'release', to: 'queued' },
  { from: 'held', step: 'cancel', to: 'withdrawn' },
]

/** States in which a landing is under way; at most one of these per task. */
export const ACTIVE_LANDING_STATES = [
  'awaiting_review',
  'queued',
  'merging',
  'verifying',
  'moving',
  'held',
] as const

/** States in which an entry goes on by itself, with nobody's help. */
export const MOVABLE_LANDING_STATES: readonly LandingState[] = ['queued', 'merging', 'verifying', 'moving']

export const LANDING_STYLES = ['merge', 'squash', 'rebase'] as const
export type LandingStyle = (typeof LANDING_STYLES)[number]

/** One task's way into base. */
export interface Landing {
  readonly id: number
  readonly taskId: number
  readonly state: LandingState
  readonly style: LandingStyle
  readonly base: string
  /** The commit that the task's `complete` froze. */
  readonly result: string
  /**
   * The commit that would become base, and the commit of base that it was made from. Without a candidate, held: by
   * faults of the machine, not by anything of a person; landed: base had it all.
   */
  readonly candidate: string | null
  readonly candidateOn: string | null
  /** Verify command of who completed it; null: who lands it says. */
  readonly verify: string | null
  /** True once a verify command ran green on exactly `candidate`; false: nothing was asked to run. */
  readonly verified: boolean
  readonly reason: string | null
  readonly files: readonly string[]
  /** Machine faults so far; at the cap the entry is held. */
  readonly faults: number
  readonly updatedAt: number
}

export const LANDING_FAULT_CAP = 3
