import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { slug } from '../board/lane.ts'
import { DEFAULT_INHERITED, laneEnvironment } from '../host/process/environment.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import type { World } from './world.ts'

/** The environment of everything that runs in a lane: agent, checks, set-up. */
export async function environmentOf(
  world: World,
  lane: OwnedLane,
  run: { readonly epoch: number; readonly token: string; readonly promptFile?: string },
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
    inherit: [...DEFAULT_INHERITED, ...world.settings.agents.environment],
    ...(run.promptFile === undefined ? {} : { promptFile: run.promptFile }),
  })
}
