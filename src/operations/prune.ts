import * as z from 'zod'
import { FINISHED } from '../engine/lanes/plan.ts'
import { settleLanes } from '../engine/settle.ts'
import type { World } from '../engine/world.ts'
import { type OwnedLane, standingLanes } from '../ledger/lanes.ts'
import { taskStates } from '../ledger/tasks.ts'
import { viewLane } from './lane-view.ts'
import { heldByShells } from './occupants.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Remove the lanes of finished tasks',
  examples: ['worklane prune'],
  input: z.object({}),
  async run({ world }) {
    const before = await standingLanes(world.ledger.db)
    await settleLanes(world)
    const left = await standingLanes(world.ledger.db)
    const after = new Set(left.map(({ id }) => id))
    const removed = before.filter(({ id }) => !after.has(id)).map(viewLane)
    return {
      removed,
      left: left.length,
      kept: await keptThoughFinished(world, left),
      /** Whose removal waits for a person to leave. */
      shells: await heldByShells(world),
    }
  },
})

/** Numbers of the tasks whose lanes would be gone, were they not marked to be kept. */
async function keptThoughFinished({ ledger }: World, lanes: readonly OwnedLane[]): Promise<number[]> {
  const kept = lanes.filter(({ keep }) => keep).map(({ taskId }) => taskId)
  const states = await taskStates(ledger.db, kept)
  return kept.filter((id) => FINISHED.includes(states.get(id) ?? 'pending'))
}
