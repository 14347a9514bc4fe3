import type { Lane } from '../../board/lane.ts'
import type { TaskState } from '../../board/task.ts'

/** What is seen of one lane. */
export interface LaneSight {
  readonly lane: Pick<Lane, 'id' | 'taskId' | 'state' | 'holder' | 'keep' | 'path' | 'warnings'>
  readonly task: TaskState
  /** A live process works on it now. */
  readonly attended: boolean
  /** The task has a live lease, so somebody waits for the lane. */
  readonly wanted: boolean
  /** A person's shell is open in it: it is not removed under them. */
  readonly visited: boolean
  /** Bringing it up to date has begun and not ended. */
  readonly refreshing: boolean
}

export type LaneAction = 'make' | 'give_up' | 'condemn' | 'remove' | 'settle'

export interface LaneStep {
  readonly action: LaneAction
  readonly laneId: number
  readonly what: string
  readonly why: string
}

/** Begins the warning of a lane that could not be removed. */
export const WHY_IT_STANDS = 'It could not be removed: '

/** A lane of such a task goes, unless it is kept. */
export const FINISHED: readonly TaskState[] = ['landed', 'cancelled']

/** The next step of each lane that is not where it should be. Pure. */
export function planLanes(sights: readonly LaneSight[]): LaneStep[] {
  return sights.flatMap((sight) => {
    const step = planLane(sight)
    return step === null ? [] : [step]
  })
}

function planLane({ lane, task, attended, wanted, visited, refreshing }: LaneSight): LaneStep | null {
  if (attended) return null
  const step = (action: LaneAction, what: string, why: string): LaneStep => ({
    action,
    laneId: lane.id,
    what,
    why,
  })
  const name = `the lane of task ${lane.taskId}`
  if (lane.state === 'creating')
    return wanted
      ? step('make', `Delete ${name} and make it again.`, 'Making it was interrupted.')
      : step('give_up', `Delete ${name}.`, 'Making it was interrupted, and nobody waits for it.')
  if (lane.state === 'condemned')
    return visited
      ? null
      : step('remove', `Archive and remove ${name}.`, whyItStands(lane) ?? 'It is no longer needed.')
  if (lane.state === 'archived') return step('remove', `Remove ${name}.`, 'It is archived.')
  if (lane.state === 'ready' && refreshing)
    return step('settle', `Finish or undo the refresh of ${name}.`, 'Bringing it up to date was interrupted.')
  if (lane.state === 'ready' && lane.holder === 'host' && !lane.keep && !visited && FINISHED.includes(task))
    return step('condemn', `Remove ${name}.`, `The task is ${task}.`)
  return null
}

function whyItStands({ warnings }: LaneSight['lane']): string | undefined {
  return warnings.find((warning) => warning.startsWith(WHY_IT_STANDS))
}
