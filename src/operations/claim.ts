import * as z from 'zod'
import { isRefusal, type Refusal } from '../board/refusal.ts'
import { refuseLowDisk } from '../engine/disk.ts'
import { ensureLane } from '../engine/lanes/ensure.ts'
import { ENGINE_HOLDER } from '../engine/runs/attempt.ts'
import { refuseWithoutWalls } from '../engine/sandbox.ts'
import type { World } from '../engine/world.ts'
import { crashPoint } from '../host/crash-point.ts'
import {
  type Claim,
  claimIsAnswered,
  claimNext,
  claimTask,
  expiredLeases,
  expireLeases,
  giveBack,
  holdsTask,
  unansweredClaims,
} from '../ledger/leases.ts'
import { notesOf } from '../ledger/tasks.ts'
import { transact } from '../ledger/transact.ts'
import { duration, taskId } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Take a task and get its lane',
  examples: ['worklane claim --as ann', 'worklane claim 7 --as worker-3 --lease 30m --json'],
  positional: { field: 'id', label: 'ID' },
  asItIs: true,
  input: z.object({
    id: taskId.optional().describe('Number of the task; the most urgent ready one when left out'),
    as: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .refine(
        (name) => !/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(name),
        'one line of plain text',
      )
      .refine((name) => name !== ENGINE_HOLDER, 'that is the name of the engine; use another')
      .describe('Your name, shown to others'),
    lease: duration.optional().describe('Give the task back unless a heartbeat comes within this time'),
  }),
  async run(context, { id, as, lease }) {
    const { world } = context
    const low = refuseLowDisk(world)
    if (low !== null) return low
    const unprotected = await refuseWithoutWalls(world)
    if (unprotected !== null) return unprotected
    const request = { holder: as, length: lease ?? null, claimant: world.self }
    await takeBackExpired(world)
    await takeBackVoid(world)
    const claim = await transact(world.ledger, world.actor, async (tx) =>
      id === undefined ? await claimNext(tx, request) : await claimTask(tx, id, request),
    )
    if (isRefusal(claim)) return claim
    crashPoint('claim.taken')
    return await withLane(world, claim)
  },
})

/** On its own, so that it stands also where the claim is refused. */
async function takeBackExpired(world: World): Promise<void> {
  const expired = await expiredLeases(world.ledger.db, world.actor.moment())
  if (expired.length > 0)
    await transact(world.ledger, world.actor, async (tx) => await expireLeases(tx, expired))
}

/** Claims that failed, or were killed, before they answered, and could not be given back then. */
async function takeBackVoid(world: World): Promise<void> {
  for (const { taskId, epoch, claimant } of await unansweredClaims(world.ledger.db))
    if (!world.isAlive(claimant))
      await transact(world.ledger, world.actor, async (tx) => {
        const held = await holdsTask(tx, taskId, epoch)
        return isRefusal(held) ? held : await giveBack(tx, held, 'lost')
      })
}

/** The answer comes when the lane is ready. Without a lane there is no claim. */
async function withLane(world: World, { task, lease }: Claim): Promise<unknown | Refusal> {
  const letGo = async (text: string): Promise<void> => {
    await transact(world.ledger, world.actor, async (tx) => {
      const held = await holdsTask(tx, task.id, lease.epoch)
      return isRefusal(held) ? held : await giveBack(tx, held, 'released', { kind: 'release', text })
    })
  }
  try {
    const lane = await ensureLane(world, task.id, lease.epoch)
    if (isRefusal(lane)) {
      await letGo(lane.message)
      return lane
    }
    await transact(world.ledger, world.actor, async (tx) => await claimIsAnswered(tx, task.id, task.epoch))
    const { id, path, branch, base, startPoint, port, warnings } = lane
    return {
      task,
      lane: { id, path, branch, base, startPoint, port, warnings },
      epoch: lease.epoch,
      leaseUntil: lease.until === null ? null : new Date(lease.until).toISOString(),
      notes: await notesOf(world.ledger.db, task.id),
    }
  } catch (error) {
    // A claim that cannot be given back now is taken back later: this process is gone then, and had not answered.
    await letGo(error instanceof Error ? error.message : String(error)).catch(() => undefined)
    throw error
  }
}
