import type { LimitsHere } from '../board/limits.ts'
import { baseRemarks } from '../engine/health/base.ts'
import type { Finding } from '../engine/health/finding.ts'
import { blindSpot } from '../engine/health/glance.ts'
import { lookAround } from '../engine/health/look.ts'
import { machineRemarks } from '../engine/health/machine.ts'
import { sayHooksLeftOut } from '../engine/hooks-left-out.ts'
import { limitsHere } from '../engine/limits/here.ts'
import { plannedRepairs, type Repaired, repair } from '../engine/repair.ts'
import type { World } from '../engine/world.ts'
import { findEngine } from '../ledger/engines.ts'
import { heldByShells } from './occupants.ts'
import { openTasks } from './sandbox.ts'

export interface Examination {
  /** What is left. With `--fix`, `unfixed` says of each why. */
  readonly findings: readonly (Finding & { readonly unfixed?: string })[]
  readonly fixed: readonly Finding[]
  /** What is so because somebody wants it so, or that only others can change, and is good to know. */
  readonly remarks: readonly string[]
  readonly limits: LimitsHere
}

interface Found extends Finding {
  /** Of the step that would repair it; null where no step does. */
  readonly key: string | null
}

/** What is not as it should be; with `fix`, after the repairs that are safe. */
export async function examine(
  world: World,
  { fix, archives }: { readonly fix: boolean; readonly archives: boolean },
): Promise<Examination> {
  const before = await look(world, archives)
  const known = { remarks: await remarksOn(world), limits: limitsHere(world) }
  if (!fix) return { findings: before.map(plain), fixed: [], ...known }
  const repaired = await repair(world)
  const left = await look(world, archives)
  const still = new Set(left.map(({ what }) => what))
  return {
    findings: left.map((one) => ({ ...plain(one), unfixed: whyLeft(one, repaired) })),
    fixed: before.filter(({ what }) => !still.has(what)).map(plain),
    ...known,
  }
}

const POWER = 'can read and change anything that you can'

async function remarksOn(world: World): Promise<string[]> {
  const open = await openTasks(world)
  const by =
    world.settings.sandbox.mode === 'none' ? 'The settings say sandbox.mode' : 'WORKLANE_SANDBOX says'
  const hooks = await sayHooksLeftOut(world)
  const shells = await heldByShells(world)
  const at = open.map((id) => `task ${id}`).join(', ')
  return [
    ...(world.sandbox === 'none' ? [`${by}: none. Agents, checks and verify ${POWER}.`] : []),
    ...(open.length === 0 ? [] : [`NO WALLS: the agents at work on ${at} ${POWER}.`]),
    ...(hooks === null ? [] : [hooks]),
    ...(await baseRemarks(world)),
    ...shells.map(
      ({ task, process }) =>
        `The lane of task ${task} is removed when the shell in it has ended (process ${process}).`,
    ),
    ...machineRemarks(),
  ]
}

async function look(world: World, archives: boolean): Promise<Found[]> {
  const { planned, blind } = await plannedRepairs(world)
  const engine = await findEngine(world.ledger.db, 'engine')
  const alive = engine !== undefined && world.isAlive(engine.identity)
  const fix = alive ? 'The running engine does this by itself; see: worklane status' : 'worklane doctor --fix'
  return [
    ...planned.map(({ key, what, why = '' }) => {
      const code = key.split('/')[0] ?? key
      return { key, code, what, why, fix, fixable: true }
    }),
    ...blind.map(({ name, error }) => ({ ...blindSpot(`what to repair of the ${name}`, error), key: null })),
    ...(await lookAround(world, { archives })).map((finding) => ({ ...finding, key: null })),
  ]
}

function whyLeft({ key, fixable }: Found, repaired: Repaired): string {
  if (!fixable) return 'only you can decide this'
  if (repaired === 'engine-runs') return 'an engine is running, which does it'
  const error = key === null ? undefined : repaired.get(key)
  return error?.message ?? 'it came up meanwhile; ask again'
}

function plain({ key: _, ...finding }: Found): Finding {
  return finding
}
