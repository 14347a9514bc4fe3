import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { slug } from '../board/lane.ts'
import { programsIn } from '../config/programs-in.ts'
import { keysOf } from '../config/provider-keys.ts'
import { laneEnvironment, PLAIN_VARIABLES } from '../host/process/environment.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import type { World } from './world.ts'

/** What a program in a lane is started for. Only agents get keys, and only those of their own provider. */
export type Purpose =
  | { readonly for: 'agent'; readonly command: string }
  | { readonly for: 'check' | 'setup' | 'verify' }

/** The environment of everything that runs in a lane: agent, checks, set-up. */
export async function environmentOf(
  world: World,
  lane: OwnedLane,
  run: {
    readonly epoch: number
    readonly token: string
    readonly purpose: Purpose
    readonly promptFile?: string
  },
): Promise<Record<string, string>> {
  const tmpdir = join(world.repository.home, 'lanes', String(lane.id), 'tmp')
  await mkdir(tmpdir, { recursive: true })
  return laneEnvironment({
    task: lane.taskId,
    lane: lane.id,
    epoch: run.epoch,
    run: run.token,
    port: lane.port,
    portCount: world.settings.lanes.ports.count,
    tmpdir,
    project: `${slug(basename(world.repository.root), 24)}-${lane.taskId}`,
    inherit: inheritedFor(world, run.purpose),
    ...(run.promptFile === undefined ? {} : { promptFile: run.promptFile }),
  })
}

/** Names of the variables that a program inherits of our own; an entry may end in `*`. */
export function inheritedFor(world: World, purpose: Purpose): string[] {
  const keys = purpose.for === 'agent' ? keysOf(programsIn(purpose.command)) : []
  return [...PLAIN_VARIABLES, ...keys, ...world.settings.agents.environment]
}
