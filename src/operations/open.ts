import { userInfo } from 'node:os'
import { join } from 'node:path'
import { readSettings } from '../config/settings.ts'
import { UsageError } from '../config/usage-error.ts'
import type { World } from '../engine/world.ts'
import { findRepository } from '../host/git/repository.ts'
import { isAlive, ownIdentity, type ProcessIdentity } from '../host/process/identity.ts'
import { openLedger } from '../ledger/ledger.ts'

/** Opens what everything works with: the repository around `cwd`, its settings and its ledger. */
export async function openWorld(cwd: string, signals: Pick<World, 'stop' | 'hurry'>): Promise<World> {
  const repository = findRepository(cwd)
  if (repository === undefined)
    throw new UsageError('This is not inside a git repository.', {
      hint: 'Go into one, or make one: git init && git commit --allow-empty -m first',
    })
  const { root } = repository
  if (root === null)
    throw new UsageError('This is a bare repository, and Worklane needs a checkout to work from.', {
      hint: 'Add one with: git worktree add ../main main, and go there.',
    })
  const settings = await readSettings(root)
  const ledger = await openLedger(join(repository.home, 'ledger.db'))
  const actor = { name: actorName(), now: () => Date.now() }
  const alive = (identity: string): boolean => isAlive(JSON.parse(identity) as ProcessIdentity)
  return {
    ledger,
    repository: { ...repository, root },
    settings,
    actor,
    self: JSON.stringify(ownIdentity()),
    isAlive: alive,
    ...signals,
  }
}

/** Within a lane it is that task's agent that asks. */
function actorName(): string {
  const task = process.env.WORKLANE_TASK
  return task !== undefined && /^\d+$/.test(task) ? `agent:task-${task}` : `person:${userName()}`
}

/** In a container the user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
