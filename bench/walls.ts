import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRefusal } from '../src/board/refusal.ts'
import { bringBack, enterWalls, leaveWalls } from '../src/engine/hand-over.ts'
import { ensureLane } from '../src/engine/lanes/ensure.ts'
import { wallsAround } from '../src/engine/sandbox.ts'
import type { World } from '../src/engine/world.ts'
import type { OwnedLane } from '../src/ledger/lanes.ts'
import { claimTask } from '../src/ledger/leases.ts'
import { transact } from '../src/ledger/transact.ts'
import { openWorld } from '../src/operations/open.ts'
import { fillBoard } from '../test/fixtures/board.ts'
import type { Size } from './lanes.ts'
import { type Comparison, compare, interleave } from './pairs.ts'
import { command } from './place.ts'

/** What walls cost: each step beside the same without them, or beside plain git. */
export async function wallsInEngine(root: string, { pairs }: Size): Promise<Comparison[]> {
  const subjects = Array.from({ length: 2 * (pairs + 1) }, (_, at) => `Piece of work ${at}`)
  const tasks = await fillBoard(join(root, '.git'), subjects)
  const signals = { stop: new AbortController().signal, hurry: new AbortController().signal }
  const walled: World = { ...(await openWorld(root, signals)), sandbox: 'walls' }
  const bare: World = { ...walled, sandbox: 'none' }
  try {
    for (const task of tasks) await claim(walled, task)
    const lanes: OwnedLane[] = []
    const made = await interleave(pairs, {
      ours: async (round) => void lanes.push(await makeLane(walled, tasks[2 * round] ?? 0)),
      theirs: async (round) => await makeLane(bare, tasks[2 * round + 1] ?? 0),
    })
    const [first] = lanes
    if (first === undefined) throw new Error('no lane was made')
    const walls = await wallsAround(walled, first)
    const started = await interleave(pairs, {
      ours: async () => await start(walls.wrap(['/bin/true']), walls.environment({ PATH: '/usr/bin:/bin' })),
      theirs: async () => await start(['/bin/true'], { PATH: '/usr/bin:/bin' }),
    })
    return [
      compare({ what: 'start inside walls', against: 'plain spawn' }, started, { factor: 1, more: 20 }),
      compare({ what: 'lane ready, with walls', against: 'without' }, made, { factor: 1.3 }),
      await imports(walled, root, lanes, pairs),
    ]
  } finally {
    await walled.ledger.close()
  }
}

/** A small commit out of a lane's walls, beside a fetch of the same between two plain repositories. */
async function imports(
  world: World,
  root: string,
  lanes: readonly OwnedLane[],
  pairs: number,
): Promise<Comparison> {
  const clone = `${root}-clone`
  await command(root, 'git', 'clone', '-q', root, clone)
  const ready = new Map<number, OwnedLane>()
  for (const [round, lane] of lanes.entries()) {
    const { place } = await enterWalls(world, lane)
    const script = `echo ${round} > change-${round}; git add -A; git commit -qm change`
    const env = place.walls?.environment({ PATH: process.env.PATH ?? '' }) ?? {}
    await start(place.walls?.wrap(['/bin/sh', '-c', script]) ?? [], env)
    ready.set(round, lane)
  }
  const times = await interleave(
    pairs,
    {
      ours: async (round) => {
        const lane = ready.get(round)
        if (lane !== undefined) await bringBack(world, lane, 'bench')
      },
      theirs: async (round) =>
        await command(root, 'git', 'fetch', '-q', clone, `+refs/heads/*:refs/fetched/${round}/*`),
    },
    async () => {
      appendFileSync(join(clone, 'change'), 'x\n')
      await command(clone, 'git', 'add', '-A')
      await command(clone, 'git', 'commit', '-qm', 'change')
    },
  )
  for (const lane of lanes) await leaveWalls(world, lane, null)
  return compare({ what: 'a small commit comes out of walls', against: '`git fetch`' }, times, {
    factor: 0,
    more: 50,
  })
}

async function makeLane(world: World, task: number): Promise<OwnedLane> {
  const lane = await ensureLane(world, task, 1)
  if (isRefusal(lane)) throw new Error(lane.message)
  return lane
}

async function claim(world: World, task: number): Promise<void> {
  const taken = await transact(
    world.ledger,
    world.actor,
    async (tx) => await claimTask(tx, task, { holder: 'bench', length: null }),
  )
  if (isRefusal(taken)) throw new Error(taken.message)
}

async function start([file = '', ...args]: readonly string[], env: Record<string, string>): Promise<void> {
  const child = spawn(file, args, { cwd: '/', env, stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${file} exited with ${code}`)
}
