import { backUp, backupsOf } from '../ledger/backup.ts'
import { lastChecked, rememberCheck } from '../ledger/checked.ts'
import { transact } from '../ledger/transact.ts'
import { LedgerUnusable } from '../ledger/unusable.ts'
import type { Controller } from './controller.ts'
import type { World } from './world.ts'

const DAY = 24 * 60 * 60_000

/**
 * The look at the ledger when an engine starts: at most once a day, as it reads the whole file, or when the last
 * engine ended without saying so. Nobody else pays for it.
 * @throws LedgerUnusable
 */
export async function checkLedger(world: World, { uncleanEnd }: { uncleanEnd: boolean }): Promise<void> {
  const { ledger, actor } = world
  if (!uncleanEnd && !isDayAway(await lastChecked(ledger.db), actor.now())) return
  const [problem] = ledger.problems()
  if (problem !== undefined) throw new LedgerUnusable('ledger-damaged', problem)
  await transact(ledger, actor, rememberCheck)
}

/** A backup a day while an engine runs. */
export function ledgerController({ ledger, actor }: World): Controller {
  const due = (): boolean => isDayAway(backupsOf(ledger.path)[0]?.at ?? null, actor.now())
  return {
    name: 'ledger',
    async plan() {
      if (!due()) return []
      const act = async (): Promise<void> => {
        if (due()) await backUp(ledger.path, actor.now())
      }
      return [{ key: 'ledger/backup', what: 'Back the ledger up.', act }]
    },
  }
}

/** In both directions: a clock that was ahead for a while must not put the next one off for years. */
function isDayAway(at: number | null, now: number): boolean {
  return at === null || Math.abs(now - at) >= DAY
}
