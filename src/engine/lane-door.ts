import { join } from 'node:path'
import type { LaneAnswer, LaneRequest } from '../host/process/lane-socket.ts'
import { installedProduct } from '../host/product.ts'
import type { Bind } from '../host/sandbox/bubblewrap.ts'
import { uidOfLane } from '../host/sandbox/detect.ts'
import { INSIDE } from '../host/sandbox/walls.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { hasWalls, laneRoom } from './sandbox.ts'
import type { World } from './world.ts'

/** Whose socket a request came in by. */
export interface LaneCaller {
  readonly taskId: number
  readonly epoch: number
}

/** Answers what an agent asks, with the engine's limits. Made by who knows the operations; the engine does not. */
export type LaneDoor = (caller: LaneCaller, request: LaneRequest, world: World) => Promise<LaneAnswer>

/** A lane's door while a run is at work. */
export interface OpenDoor {
  /** What the agent's walls have to show. */
  readonly readable: readonly Bind[]
  /** The environment of the agent, with the way to the door. */
  env(env: Readonly<Record<string, string>>): Record<string, string>
  close(): Promise<void>
}

/** `worklane` at the end of PATH, with all that it needs to start. */
export function productInLane(): Pick<OpenDoor, 'readable' | 'env'> {
  const product = installedProduct()
  return {
    readable: (product?.directories ?? []).map((from) => ({ from })),
    env: (env) =>
      product === null ? env : { ...env, PATH: [env.PATH, product.bin].filter(Boolean).join(':') },
  }
}

/**
 * Opens a socket by which the agent reaches its own task's operations and nothing else, and puts `worklane` into its
 * lane. A lane without walls has the socket at its real place.
 */
export async function openDoor(
  world: World,
  lane: OwnedLane,
  door: { readonly epoch: number; readonly answer: LaneDoor },
): Promise<OpenDoor> {
  const { openLaneSocket } = await import('../host/process/lane-socket.ts')
  const outside = join(laneRoom(world, lane.id), 'lane.sock')
  const walled = await hasWalls(world)
  const inside = walled ? `${INSIDE}/lane.sock` : outside
  const caller = { taskId: lane.taskId, epoch: door.epoch }
  const socket = await openLaneSocket({
    socketPath: outside,
    uid: walled ? uidOfLane(lane.id) : null,
    answer: async (request) => await door.answer(caller, request, world),
  })
  const product = productInLane()
  return {
    readable: [{ from: outside, to: inside }, ...product.readable],
    env: (env) => ({ ...product.env(env), WORKLANE_SOCKET: inside }),
    close: async () => await socket.close(),
  }
}
