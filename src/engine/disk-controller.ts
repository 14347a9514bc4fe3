import { Fault } from '../host/fault.ts'
import { readyTasks } from '../ledger/ready.ts'
import type { Controller } from './controller.ts'
import { refuseLowDisk } from './disk.ts'
import type { World } from './world.ts'

export interface DiskRules {
  /** Nothing would be started anyway. */
  readonly paused: () => boolean
  readonly selection: { readonly only: ReadonlySet<number> | null }
}

/**
 * Makes the want of room a step that fails and is tried again after growing pauses: so the engine says what it waits
 * for, and goes on by itself. It holds nothing back; who starts attempts asks for itself.
 */
export function diskController(world: World, { paused, selection }: DiskRules): Controller {
  return {
    name: 'disk',
    async plan() {
      if (paused() || refuseLowDisk(world) === null) return []
      const only = selection.only === null ? null : [...selection.only]
      if ((await readyTasks(world.ledger.db, 1, only)).length === 0) return []
      return [{ key: 'disk', what: 'Wait for room on the disk.', act: async () => fail(world) }]
    },
  }
}

function fail(world: World): void {
  const low = refuseLowDisk(world)
  if (low !== null) throw new Fault(low.message, { retry: 'later', code: low.code, hint: low.hint })
}
