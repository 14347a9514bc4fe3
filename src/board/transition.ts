/** One row of a state machine. `-` stands for "does not exist yet". ARCHITECTURE.md draws these tables. */
export interface Transition<State extends string, Step extends string> {
  readonly from: State | '-'
  readonly step: Step
  readonly to: State
}

/** The state that `step` leads to, or undefined where the table has no such row. */
export function follow<State extends string, Step extends string>(
  table: readonly Transition<State, Step>[],
  from: State | '-',
  step: Step,
): State | undefined {
  return table.find((row) => row.from === from && row.step === step)?.to
}
