import type { TaskView } from '../../../operations/snapshot.ts'

/** Where on the screen a task belongs. */
export type Group =
  | 'working'
  | 'landing'
  | 'returned'
  | 'failed'
  | 'ready'
  | 'blocked'
  | 'unreachable'
  | 'landed'
  | 'cancelled'

export type Groups = Readonly<Record<Group, readonly TaskView[]>>

/** Sorts the tasks into groups; within a group they keep their order, so that lines do not jump about. */
export function groupTasks(tasks: readonly TaskView[]): Groups {
  const found = Map.groupBy(tasks, groupOf)
  const of = (group: Group): readonly TaskView[] => found.get(group) ?? []
  return {
    working: of('working'),
    landing: of('landing').toSorted((a, b) => landingRank(a) - landingRank(b)),
    returned: of('returned'),
    failed: of('failed'),
    ready: of('ready'),
    blocked: of('blocked'),
    unreachable: of('unreachable'),
    landed: of('landed'),
    cancelled: of('cancelled'),
  }
}

function groupOf(task: TaskView): Group {
  switch (task.state) {
    case 'in_progress':
      return 'working'
    case 'completed':
      return 'landing'
    case 'pending':
      if (task.unreachable) return 'unreachable'
      if (task.waitsFor.length > 0) return 'blocked'
      return cameBack(task) ? 'returned' : 'ready'
    default:
      return task.state
  }
}

/** It was tried before and goes again. */
function cameBack(task: TaskView): boolean {
  return task.landing === 'rejected' || task.landing === 'conflicted' || task.reason !== null
}

/** True when it stays where it is until a person acts. */
export function needsPerson(task: TaskView): boolean {
  return task.landing === 'held' || task.landing === 'awaiting_review'
}

/** What moves comes first, then what a person must look at, then the queue. */
function landingRank({ landing }: TaskView): number {
  if (landing === 'moving') return 0
  if (landing === 'verifying' || landing === 'merging') return 1
  if (landing === 'held' || landing === 'awaiting_review') return 2
  return 3
}
