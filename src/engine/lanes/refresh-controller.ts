import { mayRefresh } from '../../board/refresh.ts'
import { glanceAtBranch } from '../../host/git/glance.ts'
import { branchTip } from '../../host/git/refs.ts'
import { landingQueue } from '../../ledger/landings.ts'
import { type OwnedLane, standingLanes } from '../../ledger/lanes.ts'
import { taskMap } from '../../ledger/tasks.ts'
import type { Action, Controller } from '../controller.ts'
import type { World } from '../world.ts'
import { refreshLane } from './refresh.ts'
import { tellOfBase } from './tell-of-base.ts'

/** Milliseconds between two looks at what base changed under agents at work: a burst of landings is told once. */
const TELL_EVERY = 10_000

export interface RefreshOptions {
  readonly paused: () => boolean
  /** 0 for who ends soon: what was not told by then would never be. */
  readonly tellEvery?: number
}

/**
 * When base has moved: brings idle lanes up to date one after the other, each to where base is by then, and tells
 * those who work in the others. Each lane is looked at once for each place of base and attempt at its task.
 */
export function refreshController(
  world: World,
  { paused, tellEvery = TELL_EVERY }: RefreshOptions,
): Controller {
  const looked = new Map<number, string>()
  let atWork = 0
  let notBefore = Number.NEGATIVE_INFINITY
  const once = (key: string, what: string, why: string, { lane, sight }: Seen, act: Act): Action => ({
    key,
    what,
    why,
    async act() {
      atWork += 1
      try {
        const tip = await branchTip({ gitDir: world.repository.commonDir }, lane.base)
        if (tip !== null) await act(world, lane, tip)
        looked.set(lane.id, sight)
      } finally {
        atWork -= 1
      }
    },
  })
  return {
    name: 'refresh',
    async plan() {
      if (!world.settings.lanes.refresh || atWork > 0 || paused()) return []
      const seen = await observe(world)
      const due = seen.filter(({ lane, sight }) => looked.get(lane.id) !== sight)
      const idle = due.find(({ is }) => is === 'idle')
      if (idle !== undefined) {
        const { taskId, base } = idle.lane
        const what = `Bring the lane of task ${taskId} up to date with ${base}.`
        return [once(`lane/${idle.lane.id}`, what, `${base} has moved.`, idle, refreshLane)]
      }
      if (performance.now() < notBefore) return []
      const busy: Seen[] = []
      for (const one of due.filter(({ is }) => is === 'busy'))
        if (await isBehind(world, one.lane)) busy.push(one)
        else looked.set(one.lane.id, one.sight)
      if (busy.length === 0) return []
      notBefore = performance.now() + tellEvery
      return busy.map((one) => {
        const what = `Tell who works on task ${one.lane.taskId} what ${one.lane.base} changed.`
        return once(`lane/${one.lane.id}/base`, what, `${one.lane.base} has moved.`, one, tellOfBase)
      })
    },
  }
}

type Act = (world: World, lane: OwnedLane, tip: string) => Promise<void>

interface Seen {
  readonly lane: OwnedLane
  readonly is: 'idle' | 'busy'
  /** Where base is and which attempt it is, to compare. */
  readonly sight: string
}

/** One that began where base is has nothing to be told, and nobody has to wait because of it. */
async function isBehind({ repository }: World, { base, startPoint }: OwnedLane): Promise<boolean> {
  return (await branchTip({ gitDir: repository.commonDir }, base)) !== startPoint
}

async function observe(world: World): Promise<Seen[]> {
  const { db } = world.ledger
  const lanes = (await standingLanes(db)).filter(({ state }) => state === 'ready')
  if (lanes.length === 0) return []
  const tasks = await taskMap(db)
  const landing = new Set((await landingQueue(db)).map(({ taskId }) => taskId))
  return lanes.flatMap((lane) => {
    const task = tasks.get(lane.taskId)
    if (task === undefined) return []
    const state = { lane, task: task.state, landing: landing.has(task.id), taken: lane.owner !== null }
    const is = mayRefresh(state)
    const sight = `${is} ${task.epoch} ${glanceAtBranch(world.repository.commonDir, lane.base)}`
    return is === 'rest' ? [] : [{ lane, is, sight }]
  })
}
