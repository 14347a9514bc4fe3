import type { Lane } from './lane.ts'
import type { TaskState } from './task.ts'

/** What is seen of a lane whose base has moved. */
export interface RefreshSight {
  readonly lane: Pick<Lane, 'state' | 'holder'>
  readonly task: TaskState
  /** Its task has a landing under way: what lands is frozen. */
  readonly landing: boolean
  /** Somebody has taken the right to work on its directory. */
  readonly taken: boolean
}

/**
 * `idle`: nobody works in the lane and its work goes on later, so it may be brought up to date. `busy`: somebody does,
 * and is told. `rest`: it is none of ours; above all the lane of a result that waits to land stays as it is.
 */
export function mayRefresh({ lane, task, landing, taken }: RefreshSight): 'idle' | 'busy' | 'rest' {
  if (lane.state !== 'ready' || landing) return 'rest'
  if (task === 'in_progress') return 'busy'
  const open = task === 'pending' || task === 'failed'
  return open && lane.holder === 'host' && !taken ? 'idle' : 'rest'
}

const MOST_NAMED = 8

/** What an agent at work gets to read; null: base changed none of its files. Paths are text. */
export function baseNote(base: string, commit: string, touched: readonly string[]): string | null {
  if (touched.length === 0) return null
  const named = touched.slice(0, MOST_NAMED).map((path) => `\`${path}\``)
  const more = touched.length > MOST_NAMED ? ` and ${touched.length - MOST_NAMED} more` : ''
  const files = touched.length === 1 ? 'one of the files' : `${touched.length} of the files`
  return `\`${base}\` has moved to ${commit.slice(0, 10)}, and ${files} that this lane changed changed there too: ${named.join(', ')}${more}. What is committed here will be merged with that; see it with: git diff HEAD...${commit.slice(0, 10)}`
}
