import type { TaskState } from './task.ts'

/** What decides whether an archive holds work that is nowhere else. */
export interface ArchivedWork {
  readonly task: TaskState
  /** Branch that the lane was to land on. */
  readonly base: string
  /** Whether base contains every commit of the archive; null: that could not be told. */
  readonly contained: boolean | null
}

/**
 * Why what an archive holds counts as unlanded, to complete a sentence; null: it has landed, and with it goes what was
 * left uncommitted. The commits behind a squashed or rebased landing are in no other place, so they count too.
 */
export function unlanded({ task, base, contained }: ArchivedWork): string | null {
  if (task !== 'landed') return `its task is ${task.replace('_', ' ')}`
  if (contained === null) return `nobody can tell whether ${base} has its commits`
  return contained ? null : `it holds commits that ${base} has not`
}
