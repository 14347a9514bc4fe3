import { mayRefresh } from '../board/refresh.ts'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { activeLanding } from './landings.ts'
import { findLane, type OwnedLane, setLane } from './lanes.ts'
import { needTask, noteOn } from './tasks.ts'
import { type Tx, tell } from './transact.ts'

/** Takes an idle lane to bring it up to date: claims wait for it meanwhile, and nobody removes it. */
export async function beginRefresh(tx: Tx, id: number, owner: string): Promise<OwnedLane | Refusal> {
  const lane = await findLane(tx.db, id)
  const task = lane === undefined ? undefined : await needTask(tx.db, lane.taskId)
  if (lane === undefined || task === undefined || isRefusal(task)) return busy(id)
  const landing = (await activeLanding(tx.db, lane.taskId)) !== undefined
  if (mayRefresh({ lane, task: task.state, landing, taken: lane.owner !== null }) !== 'idle') return busy(id)
  await setLane(tx, id, { owner, holder: 'walls' })
  return { ...lane, owner, holder: 'walls' }
}

function busy(id: number): Refusal {
  return refuse('lane-busy', `Lane ${id} is not idle any more.`, '')
}

/** Where a lane was and is. `startPoint`: the commit of base that is in it now. */
export interface LaneMove {
  readonly from: string
  readonly to: string
  readonly startPoint: string
}

/** Gives the lane back to the host. `move`: its branch has moved; null: it is as it was. */
export async function endRefresh(tx: Tx, { id }: OwnedLane, move: LaneMove | null): Promise<void> {
  const lane = await findLane(tx.db, id)
  if (lane?.state !== 'ready') return
  const free = { owner: null, holder: 'host' }
  // Told before, by who was killed right after it.
  if (move === null || lane.startPoint === move.startPoint) return await setLane(tx, id, free)
  const { from, to, startPoint } = move
  await setLane(tx, id, { ...free, startPoint })
  await removeBaseNotes(tx, lane.taskId)
  const data = { task: lane.taskId, from, to, base: startPoint }
  await tell(tx, { type: 'lane.refreshed', subject: `lane/${id}`, data })
}

/** Tells whoever works on a task what base changed of its files. Only the newest such note counts. */
export async function noteOfBase(tx: Tx, taskId: number, text: string): Promise<void> {
  await removeBaseNotes(tx, taskId)
  await noteOn(tx, taskId, { kind: 'base', text })
}

async function removeBaseNotes(tx: Tx, taskId: number): Promise<void> {
  await tx.db.deleteFrom('note').where('taskId', '=', taskId).where('kind', '=', 'base').execute()
}
