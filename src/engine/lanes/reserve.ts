import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { branchName, type Lane } from '../../board/lane.ts'
import { isRefusal, type Refusal, refuse } from '../../board/refusal.ts'
import type { Task } from '../../board/task.ts'
import { branchTips } from '../../host/git/refs.ts'
import {
  type ArchiveRow,
  archiveOf,
  type LaneRequest,
  lanesOf,
  liveLane,
  type OwnedLane,
  portsInUse,
  reserveLane,
} from '../../ledger/lanes.ts'
import { holdsTask } from '../../ledger/leases.ts'
import { transact } from '../../ledger/transact.ts'
import { baseBranch } from '../base.ts'
import { lanesDirectory } from '../lanes-place.ts'
import { told } from '../told.ts'
import type { World } from '../world.ts'

/**
 * Writes the row of a new lane for a claimed task. A lane that was abandoned, or whose holder's work was set aside,
 * is continued: same branch and start point, filled from the archive.
 */
export async function reserveTaskLane(world: World, task: Task, epoch: number): Promise<OwnedLane | Refusal> {
  const { former, archive } = await continued(world, task.id)
  const [start, first] = await Promise.all([
    archive === undefined || former === undefined ? freshStart(world, task) : former,
    claimPlace(world, task.id),
  ])
  if (isRefusal(start)) return start
  for (let place = first; ; place = await claimPlace(world, task.id)) {
    if (isRefusal(place)) return place
    const request: LaneRequest = {
      taskId: task.id,
      ...place,
      branch: start.branch,
      base: start.base,
      startPoint: start.startPoint,
      fillFrom: archive?.id ?? null,
      owner: world.self,
    }
    const lane = await tryReserve(world, request, epoch)
    if (lane !== 'port-taken') return lane
  }
}

/** The abandoned lane that the next one goes on from. Lanes that could never be made are passed over. */
async function continued(
  world: World,
  taskId: number,
): Promise<{ readonly former?: OwnedLane; readonly archive?: ArchiveRow }> {
  for (const former of await lanesOf(world.ledger.db, taskId)) {
    const archive = await archiveOf(world.ledger.db, former.id)
    if (archive !== undefined) return former.abandoned ? { former, archive } : {}
  }
  return {}
}

/** Where the lane of a task can be: path, metadata name and first port. */
export async function claimPlace(
  world: World,
  taskId: number,
): Promise<{ readonly path: string; readonly admin: string; readonly port: number } | Refusal> {
  const former = await lanesOf(world.ledger.db, taskId)
  // Where a former holder may still write by absolute path, nobody else is put.
  const avoid = new Set(former.filter(({ abandoned }) => abandoned).map(({ path }) => path))
  const port = await freePort(world)
  if (port !== null) return { ...freePlace(world, `task-${taskId}`, avoid), port }
  return refuse(
    'no-port',
    'Every range of ports is leased.',
    'Remove lanes, or set lanes.ports in worklane.yaml: a lower from, or a smaller count.',
  )
}

async function tryReserve(
  world: World,
  request: LaneRequest,
  epoch: number,
): Promise<OwnedLane | Refusal | 'port-taken'> {
  return await transact(world.ledger, world.actor, async (tx) => {
    const holds = await holdsTask(tx, request.taskId, epoch)
    if (isRefusal(holds)) return holds
    const live = await liveLane(tx.db, request.taskId)
    if (live !== undefined) return live
    if ((await portsInUse(tx.db)).includes(request.port)) return 'port-taken' as const
    return await reserveLane(tx, request)
  })
}

async function freshStart(
  world: World,
  task: Task,
): Promise<Pick<Lane, 'branch' | 'base' | 'startPoint'> | Refusal> {
  const place = { gitDir: world.repository.commonDir }
  const base = await baseBranch(world)
  if (isRefusal(base)) return base
  const tips = await branchTips(place)
  const startPoint = tips.get(base)
  if (startPoint === undefined)
    return refuse(
      'no-base',
      `The base branch ${base} has no commit.`,
      'Commit something on it first, or name another base in worklane.yaml.',
    )
  const named = { id: task.id, subject: told(world, task.subject) }
  const branch = branchName(world.settings.lanes.branch, named, [...tips.keys()])
  return { branch, base, startPoint }
}

/** A path and a name below `worktrees/` that nothing uses yet; a foreign directory is never touched. */
function freePlace(
  world: World,
  name: string,
  avoid: ReadonlySet<string>,
): { readonly path: string; readonly admin: string } {
  const taken = (path: string): boolean =>
    avoid.has(path) ||
    existsSync(path) ||
    existsSync(join(world.repository.commonDir, 'worktrees', basename(path)))
  for (let n = 1; ; n += 1) {
    const path = join(lanesDirectory(world), n === 1 ? name : `${name}-${n}`)
    if (!taken(path)) return { path, admin: basename(path) }
  }
}

/**
 * The first port of a free range. Repositories start at different places, so that two of them on one machine rarely
 * ask for the same; a range whose first port somebody listens on is passed over.
 */
async function freePort(world: World): Promise<number | null> {
  const { from, count } = world.settings.lanes.ports
  const slots = Math.max(1, Math.floor((60_000 - from) / count))
  const used = new Set(await portsInUse(world.ledger.db))
  const offset = [...world.repository.commonDir].reduce(
    (sum, char) => (sum * 31 + char.charCodeAt(0)) % slots,
    0,
  )
  for (let n = 0; n < slots; n += 1) {
    const port = from + ((offset + n) % slots) * count
    if (!used.has(port) && (await isFree(port))) return port
  }
  return null
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((answer) => {
    const server = createServer()
    server.once('error', () => answer(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => answer(true)))
  })
}
