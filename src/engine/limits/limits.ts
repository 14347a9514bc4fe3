import { availableParallelism } from 'node:os'
import type { MachineLimits } from '../../board/limits.ts'
import { asFault } from '../../host/fault.ts'
import { type GroupTree, openTree } from '../../host/limits/cgroup.ts'
import { detectGroups } from '../../host/limits/detect.ts'
import { enterScope } from '../../host/limits/enter-scope.ts'
import type { Group } from '../../host/limits/group.ts'
import type { Guard, GuardedRun } from '../guard.ts'
import { machineLimits } from '../machine-limits.ts'
import { laneRoom } from '../sandbox.ts'
import type { World } from '../world.ts'
import { admission } from './admission.ts'
import { DiskWatch } from './disk-watch.ts'
import { GitGroups } from './git-groups.ts'
import { LivingGuard } from './guard.ts'

/** What runs may use, for one process that starts them. */
export interface Limits {
  /** Readies the limits of a run. Called before its start; its `close` belongs in a `finally`. */
  guard(run: GuardedRun): Promise<Guard>
  /** For git of ours in a lane; null: the kernel lets us make none. */
  gitGroup(laneId: number): Promise<Group | null>
  /** How many may work at once now: `parallel` at most, fewer where the machine has no room for more. */
  slots(begun: number, parallel: number): number
  close(): Promise<void>
}

const LOOK_AT_DISK_EVERY = 250
const LOOK_AT_RUNS_EVERY = 1_000

/** Makes the repository's control group where the kernel lets us; else runs are watched. Sweeps what dead engines left. */
export async function openLimits(world: World, parallel: number): Promise<Limits> {
  const limits = machineLimits(world.settings, parallel)
  const tree = await openGroups(world, limits, parallel)
  const { processes, memory, cpu } = limits.lane
  const perLane = { processes, memory, cpu, weight: 1 }
  const gitGroups = tree === null ? null : new GitGroups(tree, perLane, (laneId) => laneRoom(world, laneId))
  const guards = new Set<LivingGuard>()
  /** Bytes of lanes whose run was ended because of them. */
  const full = new Map<number, number>()
  const disk = new DiskWatch(world)
  const timers = [
    setInterval(() => disk.look(guards), LOOK_AT_DISK_EVERY),
    setInterval(() => {
      for (const guard of guards) guard.look()
    }, LOOK_AT_RUNS_EVERY),
  ]
  for (const timer of timers) timer.unref()
  let opened = 0
  return {
    async guard(run) {
      opened += 1
      const group = (await tree?.open(`lane-${run.laneId}-${opened}`, perLane)) ?? null
      const onClose = (one: LivingGuard): void => {
        guards.delete(one)
        if (one.cause()?.limit === 'disk') full.set(run.laneId, one.taken)
      }
      const guard = new LivingGuard(run, limits.lane, { group, atStart: full.get(run.laneId) ?? 0, onClose })
      guards.add(guard)
      return guard
    },
    gitGroup: async (laneId) => (await gitGroups?.of(laneId)) ?? null,
    slots(begun, most) {
      const { more } = admission(world, { begun, memory: [...guards].map((guard) => guard.memory) })
      return Math.min(most, begun + more)
    },
    async close() {
      for (const timer of timers) clearInterval(timer)
      await disk.idle()
      await Promise.all([...guards].map(async (guard) => await guard.close()))
      await tree?.close()
    },
  }
}

/** Null: the kernel does not let us; `doctor` says why. */
async function openGroups(
  { repository }: World,
  { total }: MachineLimits,
  parallel: number,
): Promise<GroupTree | null> {
  const { found: here, scope } = detectGroups()
  const found = scope !== null && (await enterScope(scope)) ? detectGroups().found : here
  if (found === null) return null
  try {
    // Against a program outside, ours among them, all lanes together count like one program on each processor: were it
    // one a lane, a single fork bomb would have what all of them may have, and the engine that must end it the rest.
    const weight = Math.min(parallel, availableParallelism())
    return await openTree(found, repository.commonDir, { ...total, cpu: null, weight })
  } catch (error) {
    if (asFault(error) === null) throw error
    return null
  }
}
