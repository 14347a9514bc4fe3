/** An entry of the landing queue, as far as its place goes. */
export interface Waiting {
  readonly id: number
  readonly priority: number
  /** Other lanes that its work would collide with. */
  readonly overlaps: number
}

/** By how many later entries one is overtaken at most, for each lane that it collides with, and in all. */
const OVERTAKEN_BY = 8
const MOST_OVERTAKEN = 32

/**
 * Pure. Priority first, then who came first; but what collides with many lanes lets some of the later ones go ahead. Where
 * it lands first, each of the others has a conflict; where it lands last, only itself.
 */
export function landingOrder<T extends Waiting>(entries: readonly T[]): T[] {
  const place = ({ id, overlaps }: Waiting): number => id + Math.min(overlaps * OVERTAKEN_BY, MOST_OVERTAKEN)
  return [...entries].sort((a, b) => b.priority - a.priority || place(a) - place(b) || a.id - b.id)
}
