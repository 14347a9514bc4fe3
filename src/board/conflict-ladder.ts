/**
 * Who resolves a task's conflict with base, from the cheapest up: `rules` at the landing itself; `merge` of base into
 * the lane, with nothing left for anybody; the `agent` in its lane, in the middle of that merge; a `fresh-agent` when
 * what the one before made conflicts again; a `person`, or an agent that Worklane did not start.
 */
export type Rung = 'rules' | 'merge' | 'agent' | 'fresh-agent' | 'person'

export interface ConflictStory {
  /** Landings of the task that ended in a conflict, or by what rules made of one. */
  readonly conflicts: number
  /** Rules resolved files of the commit that landed. */
  readonly byRules: boolean
  /** The last merge of base into the lane left nothing unmerged. */
  readonly merged: boolean
  /** A run of ours completed what landed. */
  readonly byRun: boolean
}

/** By whom the conflict of what landed was resolved; null: there was none. */
export function rungOf({ conflicts, byRules, merged, byRun }: ConflictStory): Rung | null {
  if (byRules) return 'rules'
  if (conflicts === 0) return null
  if (!byRun) return 'person'
  if (merged) return 'merge'
  return conflicts === 1 ? 'agent' : 'fresh-agent'
}

/** Whether a landing ended because of a conflict: git's, or one that rules resolved and that then failed its checks. */
export function endedInConflict(landing: {
  readonly state: string
  readonly files: readonly string[]
}): boolean {
  return landing.state === 'conflicted' || (landing.state === 'rejected' && landing.files.length > 0)
}
