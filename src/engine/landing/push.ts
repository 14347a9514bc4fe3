import { isRefusal } from '../../board/refusal.ts'
import { pushCommit } from '../../host/git/push.ts'
import { lastSequence } from '../../ledger/events.ts'
import { type PushState, pushState, recordPush } from '../../ledger/pushes.ts'
import { transact } from '../../ledger/transact.ts'
import { baseBranch } from '../base.ts'
import type { Action, Controller } from '../controller.ts'
import type { World } from '../world.ts'

/**
 * Pushes base to the remote of the settings when a landing has moved it: what landed last, so a burst costs few pushes.
 * One that fails is told, undoes nothing, and is tried again at the next landing.
 */
export function pushController(world: World, { mayPush }: { readonly mayPush: () => boolean }): Controller {
  const remote = world.settings.landing.push
  const seen: { seq: number; state: PushState | undefined } = { seq: 0, state: undefined }
  const look = async (base: string): Promise<PushState | undefined> => {
    const { db } = world.ledger
    const newest = await lastSequence(db)
    if (newest > seen.seq) {
      seen.state = (await pushState(db, base, seen.seq)) ?? seen.state
      seen.seq = newest
    }
    return seen.state
  }
  return {
    name: 'push',
    async plan() {
      if (remote === null || !mayPush()) return []
      const base = await baseBranch(world)
      if (isRefusal(base)) return []
      const state = await look(base)
      return state?.is === 'landed' ? [toAction(world, { remote, base, commit: state.commit })] : []
    },
  }
}

interface Due {
  readonly remote: string
  readonly base: string
  readonly commit: string
}

function toAction(world: World, due: Due): Action {
  const { remote, base: branch, commit } = due
  return {
    key: 'push',
    what: `Push ${branch} to ${remote}.`,
    why: 'A landing has moved it.',
    async act() {
      const reason = await pushCommit(world.repository, { remote, branch, commit })
      await transact(world.ledger, world.actor, async (tx) => {
        await recordPush(tx, due, reason)
        return null
      })
    },
  }
}
