/** One idempotent step that a planner found necessary. */
export interface Step {
  /** Names the thing that it works on: while a step with this key is at work, no other with it starts. */
  readonly key: string
  /** One sentence for `doctor`. */
  readonly what: string
  /** Why it matters, for `doctor`. */
  readonly why?: string
}

/**
 * Makes the world match the ledger in one concern. `plan` looks and decides; nothing changes until `act`. When
 * nothing is left to do the plan is empty, and acting twice equals acting once.
 */
export interface Controller {
  readonly name: string
  plan(): Promise<readonly Action[]>
  /** Whether something that no ledger tells calls for a look now. Asked very often. */
  hasNews?(): boolean
}

export interface Action extends Step {
  act(): Promise<void>
}
