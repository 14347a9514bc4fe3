import { join } from 'node:path'
import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import type { Finding } from '../engine/health/finding.ts'
import { numbersSeen, reconcile } from '../engine/lanes/reconcile.ts'
import { ENGINE_HOLDER } from '../engine/runs/attempt.ts'
import type { World } from '../engine/world.ts'
import { processesWithOpen } from '../host/process/open-files.ts'
import type { Backup } from '../ledger/backup.ts'
import { openLedger } from '../ledger/ledger.ts'
import { endAllLeases, leapEpochs, raiseNumbers } from '../ledger/reconcile.ts'
import { copyForRestore, countersOf, replaceLedger, soundBackup } from '../ledger/restore.ts'
import { tell, transact } from '../ledger/transact.ts'
import type { LedgerUnusable } from '../ledger/unusable.ts'
import type { Place } from './open.ts'

export interface Rescued {
  readonly findings: readonly Finding[]
  readonly fixed: readonly Finding[]
}

/** What `doctor` says of a ledger that cannot be read; `restore` puts the last sound backup in its place. */
export async function rescueLedger(
  place: Place,
  trouble: Pick<LedgerUnusable, 'code' | 'message' | 'detail'>,
  restore: boolean,
): Promise<Rescued | Refusal> {
  const ledger = join(place.repository.home, 'ledger.db')
  const backup = soundBackup(ledger)
  if (!restore) return { findings: [finding(trouble, ledger, backup)], fixed: [] }
  if (backup === null) return noBackup(ledger)
  const users = processesWithOpen(ledger)
  if (users.length > 0)
    return refuse(
      'ledger-in-use',
      `The ledger is open in ${users.length === 1 ? 'process' : 'processes'} ${users.join(', ')}.`,
      'End them first (an engine: Ctrl-C in its terminal), then ask again.',
    )
  return await bringBack(place, ledger, backup)
}

function noBackup(ledger: string): Refusal {
  return refuse(
    'no-backup',
    'There is no sound backup of the ledger.',
    `To begin with an empty one, move ${ledger} and the directory backup beside it away. Branches, lanes and archives stay.`,
  )
}

function finding(
  trouble: Pick<LedgerUnusable, 'code' | 'message' | 'detail'>,
  ledger: string,
  backup: Backup | null,
): Finding {
  const fix =
    backup === null
      ? noBackup(ledger).hint
      : `worklane doctor --restore-ledger puts the backup of ${new Date(backup.at).toISOString()} in its place and keeps the damaged one aside`
  return {
    code: trouble.code,
    what: `${trouble.message} (${trouble.detail}; ${ledger})`,
    why: 'Nothing can be claimed, shown or landed without it. What is in git and in the lanes is whole.',
    fix,
    fixable: false,
  }
}

/** All that is to be changed is changed in a copy, which then becomes the ledger in one step. */
async function bringBack(place: Place, ledger: string, backup: Backup): Promise<Rescued | Refusal> {
  const copy = copyForRestore(backup, ledger)
  const counters = countersOf(ledger)
  const world: World = { ...place, ledger: await openLedger(copy) }
  const from = new Date(backup.at).toISOString()
  const seen = await numbersSeen(world)
  await transact(world.ledger, world.actor, async (tx) => await raiseNumbers(tx, counters, seen))
  const { adopted, unknown } = await reconcile(world)
  const claims = await transact(world.ledger, world.actor, async (tx) => {
    const ended = await endAllLeases(tx, ENGINE_HOLDER)
    await leapEpochs(tx)
    await tell(tx, { type: 'ledger.restored', subject: 'ledger', data: { from, ended, adopted, unknown } })
    return ended
  })
  await world.ledger.close()
  if (isRefusal(claims)) return claims
  const aside = replaceLedger(ledger, copy, place.actor.now())
  const what = `The ledger of ${from} is back${aside === null ? '' : `; the damaged one is kept in ${aside}`}.`
  const ended =
    claims === 0
      ? []
      : [done(`${claims} claimed ${claims === 1 ? 'task is' : 'tasks are'} free again; the lanes are kept.`)]
  return {
    findings: unknown.map(stranger),
    fixed: [done(what), ...ended, ...adopted.map((sentence) => done(sentence))],
  }
}

function done(what: string): Finding {
  return { code: 'ledger-restored', what, why: '', fix: '', fixable: true }
}

function stranger(path: string): Finding {
  return {
    code: 'unknown-to-ledger',
    what: `${path} is younger than the ledger, which does not know it.`,
    why: 'It is kept as it is, and Worklane does not work with it.',
    fix: 'Take over by hand what you need of it; a lane is a git worktree: git worktree list',
    fixable: false,
  }
}
