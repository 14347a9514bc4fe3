import { asFault } from '../../host/fault.ts'
import { glanceAtBranch } from '../../host/git/glance.ts'
import { emptyRadarStore } from '../../host/git/radar-store.ts'
import { isNewLook, recordLook } from '../../ledger/overlaps.ts'
import { transact } from '../../ledger/transact.ts'
import type { Action, Controller } from '../controller.ts'
import type { World } from '../world.ts'
import { radarLanes } from './lanes.ts'
import { publish } from './published.ts'
import { type Look, Radar, radarDirectory } from './radar.ts'

/** Milliseconds. */
const LONGEST_REST = 2_000
/** Milliseconds until the next try after a look that failed as a whole. */
const PAUSE = 10_000

export interface RadarController extends Controller, Disposable {
  /** Looks now where something has changed; null: nothing has. */
  look(): Promise<Look | null>
}

/**
 * Keeps what is known of overlaps current: looks when files of a lane, the lanes, what waits to land, or base have
 * changed. It never fails a step of the engine: a look that cannot be taken says nothing, and is taken again.
 */
export function radarController(
  world: World,
  { paused }: { readonly paused: () => boolean },
): RadarController {
  const radar = new Radar(world)
  let seen: string | null = null
  let looking = false
  let notBefore = Number.NEGATIVE_INFINITY
  const look = async (): Promise<Look | null> => {
    const sight = await glance(world)
    if (sight === seen && !radar.isDue()) return null
    const began = performance.now()
    if (seen === null) await emptyRadarStore(radarDirectory(world))
    const answer = await radar.look('changed')
    await record(world, answer)
    await publish(world, answer)
    seen = sight
    // Never more than half of the time, however much the lanes change; but the first look at many puts off little.
    const now = performance.now()
    notBefore = now + Math.min(now - began, LONGEST_REST)
    return answer
  }
  const action: Action = {
    key: 'radar',
    what: 'Look for overlaps between the lanes.',
    async act() {
      looking = true
      try {
        await look()
      } catch (error) {
        if (asFault(error) === null) throw error
        notBefore = performance.now() + PAUSE
      } finally {
        looking = false
      }
    },
  }
  const rests = (): boolean => looking || paused() || performance.now() < notBefore
  return {
    name: 'radar',
    look,
    hasNews: () => !rests() && radar.isDue(),
    async plan() {
      if (rests()) return []
      return (await glance(world)) !== seen || radar.isDue() ? [action] : []
    },
    [Symbol.dispose]: () => radar[Symbol.dispose](),
  }
}

/** Which lanes there are, what of them is frozen, and where base is, in one text to compare. */
async function glance(world: World): Promise<string> {
  const lanes = await radarLanes(world)
  const bases = [...new Set(lanes.map(({ lane }) => lane.base))]
  return JSON.stringify([
    lanes.map(({ lane, frozen }) => [lane.id, lane.state, lane.holder, frozen]),
    bases.map((base) => glanceAtBranch(world.repository.commonDir, base)),
  ])
}

/** Most looks find what is known. */
export async function record(world: World, look: Look): Promise<void> {
  if (!(await isNewLook(world.ledger.db, look))) return
  await transact(world.ledger, world.actor, async (tx) => await recordLook(tx, look))
}
