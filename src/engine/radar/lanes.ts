import { landingQueue } from '../../ledger/landings.ts'
import { type OwnedLane, standingLanes } from '../../ledger/lanes.ts'
import { taskLines } from '../../ledger/tasks.ts'
import type { World } from '../world.ts'

/** A lane whose work is not in base yet and may get there. */
export interface RadarLane {
  readonly taskId: number
  readonly subject: string
  readonly lane: OwnedLane
  /** The result that waits for its landing; null: what is in the lane counts. */
  readonly frozen: string | null
}

const OPEN: ReadonlySet<string> = new Set(['pending', 'in_progress', 'completed'])

/** The lanes to compare, by task: neither landed, nor given up, nor half made, nor on their way out. */
export async function radarLanes({ ledger: { db } }: World): Promise<RadarLane[]> {
  const lanes = (await standingLanes(db)).filter(({ state }) => state === 'ready' || state === 'quarantined')
  if (lanes.length === 0) return []
  const tasks = await taskLines(db)
  const results = new Map((await landingQueue(db)).map(({ taskId, result }) => [taskId, result]))
  return lanes.flatMap((lane) => {
    const task = tasks.get(lane.taskId)
    if (task === undefined || !OPEN.has(task.state)) return []
    const frozen = task.state === 'completed' ? (results.get(lane.taskId) ?? null) : null
    return [{ taskId: lane.taskId, subject: task.subject, lane, frozen }]
  })
}

/** Tasks whose lanes are not compared because they have failed: they count again once somebody retries them. */
export async function failedWithLane({ ledger: { db } }: World): Promise<number[]> {
  const lanes = await standingLanes(db)
  if (lanes.length === 0) return []
  const tasks = await taskLines(db)
  return lanes.map(({ taskId }) => taskId).filter((id) => tasks.get(id)?.state === 'failed')
}
