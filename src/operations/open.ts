import { homedir, userInfo } from 'node:os'
import { basename, join } from 'node:path'
import { lazyRedactor } from '../board/redact.ts'
import { dotenvSecrets, loginSecrets, secretValues } from '../board/secrets.ts'
import { everyHomePath } from '../config/provider-keys.ts'
import {
  DEFAULT_SETTINGS,
  readSettings,
  SANDBOX_MODES,
  type SandboxMode,
  type Settings,
} from '../config/settings.ts'
import { UsageError } from '../config/usage-error.ts'
import type { World } from '../engine/world.ts'
import { currentMoment } from '../host/clock.ts'
import { envFiles, readText } from '../host/files/env-files.ts'
import { networkFileSystem } from '../host/files/network.ts'
import { isAlive, ownIdentity, type ProcessIdentity } from '../host/process/identity.ts'
import { openLedger } from '../ledger/ledger.ts'
import { LedgerUnusable } from '../ledger/unusable.ts'
import { usableRepository } from './usable-repository.ts'

/** Everything but the ledger. */
export type Place = Omit<World, 'ledger'>

/** A ledger that cannot be used, and what is there without it. */
export interface WithoutLedger {
  readonly place: Place
  readonly trouble: LedgerUnusable
}

/**
 * Opens what everything works with: the repository around `cwd`, its settings and its ledger. `withDefaults`: also
 * where the settings cannot be used.
 * @throws UsageError, Fault
 */
export async function tryWorld(
  cwd: string,
  signals: Pick<World, 'stop' | 'hurry'>,
  withDefaults = false,
): Promise<World | WithoutLedger> {
  const place = await openPlace(cwd, signals, withDefaults)
  refuseNetwork(place.repository.commonDir)
  try {
    return { ...place, ledger: await openLedger(join(place.repository.home, 'ledger.db')) }
  } catch (error) {
    if (!(error instanceof LedgerUnusable) || error.code === 'ledger-newer') {
      const { explain } = await import('./explain.ts')
      throw explain(error, place)
    }
    return { place, trouble: error }
  }
}

/** As `tryWorld`, where nobody can do without the ledger. */
export async function openWorld(cwd: string, signals: Pick<World, 'stop' | 'hurry'>): Promise<World> {
  const world = await tryWorld(cwd, signals)
  if ('trouble' in world) throw world.trouble
  return world
}

/** SQLite's log needs memory that all its readers share, which no network gives (https://www.sqlite.org/wal.html). */
function refuseNetwork(commonDir: string): void {
  const network = networkFileSystem(commonDir)
  if (network === null) return
  throw new UsageError(
    `This repository lies on a network file system (${network}), where no ledger can be kept.`,
    {
      code: 'network-file-system',
      hint: 'Clone it to a local disk and work there.',
    },
  )
}

async function openPlace(
  cwd: string,
  signals: Pick<World, 'stop' | 'hurry'>,
  withDefaults: boolean,
): Promise<Place> {
  const repository = await usableRepository(cwd)
  const { root } = repository
  const read = await readSettings({ ...repository, home: homedir() }).catch((error: unknown) => {
    if (withDefaults && error instanceof UsageError) return error
    throw error
  })
  const settings = read instanceof UsageError ? DEFAULT_SETTINGS : read
  const redact = lazyRedactor(() => [
    ...secretValues(process.env),
    ...envFiles(root, settings.lanes.copy).flatMap(dotenvSecrets),
    ...loginFiles(settings).flatMap((path) => loginSecrets(basename(path), readText(path))),
  ])
  const actor = { name: actorName(), now: () => Date.now(), moment: currentMoment, redact }
  const alive = (identity: string): boolean => isAlive(JSON.parse(identity) as ProcessIdentity)
  return {
    repository,
    settings,
    ...(read instanceof UsageError ? { unread: read } : {}),
    sandbox: sandboxMode(settings),
    actor,
    self: JSON.stringify(ownIdentity()),
    isAlive: alive,
    ...signals,
  }
}

/** What lanes may get a copy of. */
function loginFiles({ sandbox }: Settings): string[] {
  return [...new Set([...sandbox.home, ...everyHomePath()])].map((path) => join(homedir(), path))
}

/** The environment goes before the settings of the repository: a machine without walls needs one word for all. */
function sandboxMode(settings: Settings): SandboxMode {
  const asked = process.env.WORKLANE_SANDBOX
  if (asked === undefined || asked === '') return settings.sandbox.mode
  const mode = SANDBOX_MODES.find((one) => one === asked)
  if (mode !== undefined) return mode
  throw new UsageError(`WORKLANE_SANDBOX is ${JSON.stringify(asked)}.`, { hint: 'It may be walls or none.' })
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
