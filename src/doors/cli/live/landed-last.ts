import type { RunSnapshot } from '../../../operations/snapshot.ts'

/** Numbers of landed tasks, newest first, after one more look: a snapshot says what landed, not when. */
export function landedLast(before: readonly number[], snapshot: RunSnapshot): readonly number[] {
  const landed = snapshot.tasks.filter((task) => task.state === 'landed').map((task) => task.id)
  const known = new Set(before)
  const fresh = landed.filter((id) => !known.has(id)).reverse()
  return fresh.length === 0 ? before : [...fresh, ...before]
}
