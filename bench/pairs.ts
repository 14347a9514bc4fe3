import { median } from '../test/proofs/proof.ts'

/** Milliseconds of each side, in the order of the rounds. */
export type Times<Side extends string> = Readonly<Record<Side, readonly number[]>>

/**
 * Measures the sides in turn, A B, B A, A B …, so that whatever else the machine does meets all of them alike. The
 * first round only warms up. `between` runs before each measurement and is not measured.
 */
export async function interleave<Side extends string>(
  rounds: number,
  sides: Readonly<Record<Side, (round: number) => Promise<unknown>>>,
  between: () => Promise<void> = async () => undefined,
): Promise<Times<Side>> {
  const names = Object.keys(sides) as Side[]
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Side, number[]>
  for (let round = 0; round <= rounds; round += 1)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      await between()
      const began = performance.now()
      await sides[name](round)
      if (round > 0) times[name].push(performance.now() - began)
    }
  return times
}

/** One line of the table: ours against the other's, and what we aim at. */
export interface Comparison {
  readonly what: string
  readonly against: string
  readonly ours: number
  readonly theirs: number
  readonly ratio: number
  /** Null for a figure that only explains another. */
  readonly aim: string | null
  readonly met: boolean
}

/** Ours may take `factor` times as long as the other's, and `more` milliseconds. */
export interface Aim {
  readonly factor: number
  readonly more?: number
}

export function compare(
  names: { readonly what: string; readonly against: string },
  times: { readonly ours: readonly number[]; readonly theirs: readonly number[] },
  aim: Aim | null,
): Comparison {
  const [ours, theirs] = [median(times.ours), median(times.theirs)]
  const line = { ...names, ours, theirs, ratio: ours / theirs }
  if (aim === null) return { ...line, aim, met: true }
  const { factor, more = 0 } = aim
  const words = `≤ ${factor} ×${more === 0 ? '' : ` + ${more} ms`}`
  return { ...line, aim: words, met: ours <= factor * theirs + more }
}

export const HEAD = ['What', 'Against', 'Ours', 'Theirs', 'Ratio', 'Aim', 'Met'] as const

export function row(line: Comparison): string[] {
  const { what, against, ours, theirs, ratio, aim, met } = line
  const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`
  return [
    what,
    against,
    ms(ours),
    ms(theirs),
    ratio.toFixed(2),
    aim ?? '',
    aim === null ? '' : met ? 'yes' : 'no',
  ]
}
