/** What is seen of one archive. */
export interface ArchiveSight {
  readonly id: number
  readonly taskId: number
  readonly createdAt: number
  readonly bytes: number
  /** Why its work counts as unlanded: then it is never purged here. Null: it has landed. */
  readonly unlanded: string | null
  readonly inUse: boolean
}

export interface RetentionRules {
  readonly now: number
  /** Milliseconds. */
  readonly keepFor: number
  /** Bytes of all archives together. */
  readonly atMost: number
}

export interface PurgeStep {
  readonly archiveId: number
  readonly taskId: number
  readonly why: string
}

const DAY = 24 * 60 * 60_000

/** Whether anything can be due, before git is asked what has landed. Pure. */
export function mayBeDue(
  archives: readonly Pick<ArchiveSight, 'createdAt' | 'bytes'>[],
  { now, keepFor, atMost }: RetentionRules,
): boolean {
  return archives.some(({ createdAt }) => createdAt + keepFor < now) || sum(archives) > atMost
}

/**
 * Which archives go: those of landed work that are too old, then the oldest of the others until all together fit.
 * Unlanded work counts into the sum and is never touched, so the sum may stay above the bound. Pure.
 */
export function planRetention(
  archives: readonly ArchiveSight[],
  { now, keepFor, atMost }: RetentionRules,
): PurgeStep[] {
  const oldestFirst = [...archives].sort((a, b) => a.createdAt - b.createdAt || a.id - b.id)
  const steps: PurgeStep[] = []
  let left = sum(archives)
  for (const { id, taskId, createdAt, bytes, unlanded, inUse } of oldestFirst) {
    if (unlanded !== null || inUse) continue
    const old = createdAt + keepFor < now
    if (!old && left <= atMost) continue
    const age = `it is ${Math.floor((now - createdAt) / DAY)} days old`
    const why = `Its work has landed, and ${old ? age : 'all archives together take too much'}.`
    steps.push({ archiveId: id, taskId, why })
    left -= bytes
  }
  return steps
}

function sum(archives: readonly Pick<ArchiveSight, 'bytes'>[]): number {
  return archives.reduce((total, { bytes }) => total + bytes, 0)
}
