import type * as z from 'zod'
import type { LedgerEvent } from '../board/event.ts'
import type { Refusal } from '../board/refusal.ts'
import type { World } from '../engine/world.ts'
import type { WithoutLedger } from './open.ts'
import type { RadarAnswer } from './radar.ts'
import type { RunSnapshot } from './snapshot.ts'

/** What long operations tell while they work. */
export type Progress =
  | { readonly kind: 'event'; readonly event: LedgerEvent }
  | { readonly kind: 'snapshot'; readonly snapshot: RunSnapshot }
  | { readonly kind: 'text'; readonly text: string }
  /** Not to be mixed with what a program printed. */
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'radar'; readonly answer: RadarAnswer }

export interface Context {
  readonly world: World
  /** Directory that the user stands in; relative file names start here. */
  readonly cwd: string
  readonly report: (progress: Progress) => void
  /** Bytes that a long answer may have; without it there is no bound. */
  readonly mostBytes?: number
  /** Descriptor for what programs on the user's terminal print: 2 where the answer is for a program. Default: 1. */
  readonly output?: 1 | 2
  /** Aborted when the user asks to stop; `hurry` when they ask again. */
  readonly stop: AbortSignal
  readonly hurry: AbortSignal
}

/**
 * Something that a person or an agent can ask for. One file each; the table feeds every door, so nothing here knows
 * who asked or how the answer is shown.
 */
export interface Operation<Input extends z.ZodObject = z.ZodObject, Answer = unknown> {
  readonly summary: string
  /** Command lines for the help. */
  readonly examples: readonly string[]
  /** The field that takes the words without a flag, and whether there may be several. */
  readonly positional?: {
    readonly field: string
    readonly label: string
    readonly many?: boolean
    /** The word after it. */
    readonly next?: { readonly field: string; readonly label: string }
    /** All words after it; those that look like flags only behind `--`. */
    readonly rest?: { readonly field: string }
  }
  /** One-letter flags. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Every field has a description; optional ones are flags. */
  readonly input: Input
  /** It says itself where there are no walls; for the others the door does. */
  readonly tellsWalls?: true
  /**
   * Its answer is for use (a path, a diff, the task of who claims it), or has no text of a person's that was not
   * redacted when it was written. From all others the door takes secrets out.
   */
  readonly asItIs?: true
  /** It only reads, and goes on with the defaults where worklane.yaml cannot be used. `told`: it says so itself. */
  readonly withDefaults?: 'told' | 'warned'
  readonly run: (context: Context, input: z.output<Input>) => Promise<Answer | Refusal>
  /** Called instead of `run` where the ledger cannot be used; without it that is an error. */
  readonly rescue?: (without: WithoutLedger, input: z.output<Input>) => Promise<Answer | Refusal>
}

/** Ties the type of the input to `run`. */
export function operation<Input extends z.ZodObject, Answer>(
  made: Operation<Input, Answer>,
): Operation<Input, Answer> {
  return made
}
