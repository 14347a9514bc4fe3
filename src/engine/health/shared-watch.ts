import { glanceAtShared, readShared } from '../../host/git/shared-state.ts'
import { rememberedBase } from '../../ledger/base.ts'
import { lastSequence } from '../../ledger/events.ts'
import { recordShared, type SharedLook } from '../../ledger/shared-state.ts'
import { transact } from '../../ledger/transact.ts'
import type { Action, Controller } from '../controller.ts'
import type { World } from '../world.ts'

/** Milliseconds between two glances. */
const GLANCE_EVERY = 2_000

/**
 * Tells, once each, what others changed in what all worktrees share: configuration, hooks, borrowed objects, refs, base.
 * It judges and undoes nothing. What changed while no engine ran is told by the next one.
 */
export function sharedStateController(world: World): Controller {
  const { commonDir } = world.repository
  let glanced = Number.NEGATIVE_INFINITY
  let due: string | null = null
  let told: string | null = null
  const action: Action = {
    key: 'shared-state',
    what: 'Look at what changed in the configuration, hooks and refs that all worktrees share.',
    async act() {
      const glance = due
      await look(world)
      told = glance
    },
  }
  return {
    name: 'shared state',
    async plan() {
      if (performance.now() - glanced >= GLANCE_EVERY) {
        glanced = performance.now()
        due = glanceAtShared(commonDir)
      }
      return due === told ? [] : [action]
    },
  }
}

async function look(world: World): Promise<void> {
  const look = await lookAtShared(world)
  await transact(world.ledger, world.actor, async (tx) => await recordShared(tx, look))
}

export async function lookAtShared(world: World): Promise<SharedLook> {
  const { db } = world.ledger
  const seq = await lastSequence(db)
  const state = await readShared(world.repository.commonDir)
  const baseBranch = world.settings.base ?? (await rememberedBase(db)) ?? null
  return { state, baseBranch, seq }
}
