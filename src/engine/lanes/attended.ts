import type { OwnedLane } from '../../ledger/lanes.ts'
import type { World } from '../world.ts'

/** Lanes that this process works on no more, and could not say so: on a full disk nothing can be written down. */
const left = new Set<number>()

/** Whether a process works on the lane's directory now. The ledger names its owner; only that one knows better. */
export function isAttended(world: World, { id, owner }: Pick<OwnedLane, 'id' | 'owner'>): boolean {
  return owner !== null && world.isAlive(owner) && !(owner === world.self && left.has(id))
}

/** The right to work on a lane was taken again. */
export function attend(id: number): void {
  left.delete(id)
}

/** Lets go of a lane by `write`; where that cannot be written down, this process at least remembers it. */
export async function letGo(id: number, write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch {
    left.add(id)
  }
}
