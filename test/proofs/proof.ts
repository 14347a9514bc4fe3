/** Numbers that say how large a proof is; the same program runs the small form and the full one. */
export type Params = Readonly<Record<string, number>>

/** What a proof counted, in the order in which it is told. */
export type Figures = Readonly<Record<string, string | number>>

/** A long test with its figures. */
export interface Proof<P extends Params = Params> {
  /** Also the name of its file and of its page in docs/proofs/. */
  readonly name: string
  /** What it proves, in one sentence. */
  readonly line: string
  /** For every run of the tests: under ten seconds. */
  readonly sample: P
  readonly full: P
  /** The full form works on a clone of a public repository that the caller names. */
  readonly needsRepository?: true
  /** Throws when what it proves does not hold. */
  run(params: P, report: Report): Promise<Figures>
}

/** What a proof is given besides its size. */
export interface Report {
  /** Decides everything that is random. */
  readonly seed: number
  /** Launcher of the product that is proved, which stays the same for the whole proof. */
  readonly worklane: string
  /** A local clone of a public repository, which is only read; without it the proof makes one up. */
  readonly repository?: string
  /** All such clones that the caller names; `repository` is the first. */
  readonly repositories?: readonly string[]
  /** A line of progress. */
  say(text: string): void
  /** Does `work` once: a proof that is started again after an interruption gets what the round gave then, as JSON. */
  once<T>(round: string, work: () => Promise<T>): Promise<T>
}

/** A small generator of random numbers from 0 up to 1 (mulberry32), so that a seed gives the same run again. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]]
  return (low + high) / 2
}

/** Milliseconds for people: `840 ms`, `12.3 s`. */
export function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}
