import type { TaskState } from './task.ts'

/** What decides whether an archive holds work that is nowhere else. */
export interface ArchivedWork {
  readonly task: TaskState
  /** Branch that the lane was to land on. */
  readonly base: string
  /** Whether base contains every commit of the archive; null: that could not be told. */
  readonly contained: boolean | null
  /** Whether it holds what was changed in the lane after its work was handed in. */
  readonly late: boolean
}

/**
 * Why what an archive holds counts as unlanded, to complete a sentence; null: it has landed, and with it goes what
 * its agent left uncommitted. The commits behind a squashed or rebased landing are in no other place, so they count too.
 */
export function unlanded({ task, base, contained, late }: ArchivedWork): string | null {
  if (task !== 'landed') return `its task is ${task.replace('_', ' ')}`
  if (contained === null) return `nobody can tell whether ${base} has its commits`
  if (!contained) return `it holds commits that ${base} has not`
  return late ? 'it holds what was changed in the lane after its work was handed in' : null
}
