import { existsSync } from 'node:fs'
import { archiveCounts, archivePlaces, keptArchives } from '../../ledger/archives.ts'
import type { Action, Controller } from '../controller.ts'
import type { World } from '../world.ts'
import { weighArchives } from './archives.ts'
import { mayBeDue, type PurgeStep, planRetention, type RetentionRules } from './plan-retention.ts'
import { deletePurged, purge } from './purge.ts'

/** Age is counted in days, so a look this often is enough; a new archive calls for one at once. */
const LOOK_EVERY = 10 * 60_000

/** Purges archives of landed work that are too old or take too much, and finishes purges that were interrupted. */
export function retentionController(world: World): Controller {
  let looked = { counts: '', at: Number.NEGATIVE_INFINITY }
  let plan: readonly Action[] = []
  // What is done with, or was refused because something needs the archive now, waits for the next look.
  const once = (action: Action): Action => ({
    ...action,
    async act() {
      await action.act()
      plan = plan.filter(({ key }) => key !== action.key)
    },
  })
  return {
    name: 'retention',
    async plan() {
      const counts = await archiveCounts(world.ledger.db)
      const now = world.actor.now()
      if (counts !== looked.counts || Math.abs(now - looked.at) >= LOOK_EVERY) {
        plan = (await look(world)).map(once)
        looked = { counts, at: now }
      }
      return plan
    },
  }
}

async function look(world: World): Promise<Action[]> {
  const steps = (await due(world)).map((step) => toAction(world, step))
  return [...steps, ...(await interrupted(world))]
}

async function due(world: World): Promise<PurgeStep[]> {
  const { keepFor, atMost } = world.settings.archive
  const rules: RetentionRules = { now: world.actor.now(), keepFor, atMost }
  const archives = await keptArchives(world.ledger.db)
  return mayBeDue(archives, rules) ? planRetention(await weighArchives(world, archives), rules) : []
}

function toAction(world: World, { archiveId, taskId, why }: PurgeStep): Action {
  return {
    key: `archive/${archiveId}`,
    what: `Purge archive ${archiveId} of task ${taskId}.`,
    why,
    async act() {
      // Refused: somebody purged it meanwhile, or restores from it now.
      await purge(world, archiveId, { reason: why, loseUnlanded: false })
    },
  }
}

async function interrupted(world: World): Promise<Action[]> {
  const places = await archivePlaces(world.ledger.db)
  const left = places.filter(({ purgedAt, directory }) => purgedAt !== null && existsSync(directory))
  return left.map((archive) => ({
    key: `archive/${archive.id}`,
    what: `Delete what is left of archive ${archive.id}, which was purged.`,
    why: 'Deleting it was interrupted.',
    act: async () => await deletePurged(world, archive),
  }))
}
