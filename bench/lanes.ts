import { join } from 'node:path'
import { isRefusal } from '../src/board/refusal.ts'
import { ensureLane } from '../src/engine/lanes/ensure.ts'
import { removeLane } from '../src/engine/lanes/remove.ts'
import type { World } from '../src/engine/world.ts'
import { takeRole } from '../src/ledger/engines.ts'
import { standingLanes } from '../src/ledger/lanes.ts'
import { claimTask } from '../src/ledger/leases.ts'
import { transact } from '../src/ledger/transact.ts'
import laneRemove from '../src/operations/lane-remove.ts'
import { openWorld } from '../src/operations/open.ts'
import { fillBoard } from '../test/fixtures/board.ts'
import { type Comparison, compare, interleave } from './pairs.ts'
import { command, trashIsEmpty, workIn } from './place.ts'

/** How large a bench is. */
export interface Size {
  readonly files: number
  readonly tasks: number
  readonly pairs: number
}

const ADD = '`git worktree add`'
const REMOVE = '`git worktree remove`'

/** Lanes made and removed by a running engine, that is, in this process, against plain git. */
export async function lanesInEngine(root: string, { pairs }: Size): Promise<Comparison[]> {
  const tasks = await fillBoard(join(root, '.git'), subjects(pairs))
  const world = await openWorld(root, {
    stop: new AbortController().signal,
    hurry: new AbortController().signal,
  })
  try {
    await transact(
      world.ledger,
      world.actor,
      async (tx) => await takeRole(tx, 'engine', world.self, world.isAlive),
    )
    for (const task of tasks) await claim(world, task)
    const paths = new Map<number, string>()
    const made = await interleave(pairs, {
      ours: async (round) => {
        const lane = agreed(await ensureLane(world, tasks[round] ?? 0, 1))
        paths.set(round, lane.path)
      },
      theirs: async (round) => await addWorktree(root, `plain-${round}`),
    })
    await workInAll(root, paths, 'plain')
    const whole: number[] = []
    const answered = await interleave(
      pairs,
      {
        ours: async (round) => await answerRemoval(world, tasks[round] ?? 0),
        theirs: async (round) => await removeWorktree(root, `plain-${round}`),
      },
      async () => {
        await finishRemoval(world, whole)
        await trashIsEmpty(root)
      },
    )
    await finishRemoval(world, whole)
    return [
      compare({ what: 'lane ready in a running engine', against: ADD }, made, { factor: 1.1 }),
      compare({ what: 'removal answered by a running engine', against: REMOVE }, answered, { factor: 0.3 }),
      compare(
        { what: '… then archived, checked and gone', against: REMOVE },
        { ours: whole.slice(1), theirs: answered.theirs },
        null,
      ),
    ]
  } finally {
    await world.ledger.close()
  }
}

/** The same by a `worklane` process for each lane, start-up included. */
export async function lanesByCommand(root: string, worklane: string, { pairs }: Size): Promise<Comparison[]> {
  const tasks = await fillBoard(join(root, '.git'), subjects(pairs))
  const id = (round: number): string => String(tasks[round])
  const paths = new Map(tasks.map((task, round) => [round, join(root, '.worktrees', `task-${task}`)]))
  const made = await interleave(pairs, {
    ours: async (round) => await command(root, worklane, 'claim', id(round), '--as', 'bench', '--json'),
    theirs: async (round) => await addWorktree(root, `cold-${round}`),
  })
  await workInAll(root, paths, 'cold')
  const removed = await interleave(
    pairs,
    {
      ours: async (round) => await command(root, worklane, 'lane', 'remove', id(round), '--json'),
      theirs: async (round) => await removeWorktree(root, `cold-${round}`),
    },
    async () => await trashIsEmpty(root),
  )
  return [
    compare({ what: 'cold `worklane claim`', against: ADD }, made, { factor: 1.25, more: 150 }),
    compare({ what: 'cold `worklane lane remove`, all of it', against: REMOVE }, removed, null),
  ]
}

function subjects(pairs: number): string[] {
  return Array.from({ length: pairs + 1 }, (_, at) => `Piece of work ${at}`)
}

async function claim(world: World, task: number): Promise<void> {
  agreed(
    await transact(
      world.ledger,
      world.actor,
      async (tx) => await claimTask(tx, task, { holder: 'bench', length: null }),
    ),
  )
}

/** Asks as a door of a running engine would. */
async function answerRemoval(world: World, task: number): Promise<void> {
  const { stop, hurry } = world
  const context = { world, cwd: world.repository.root, report: () => undefined, stop, hurry }
  agreed(await laneRemove.run(context, { id: task, later: true }))
}

/** What the engine's next look does about it. */
async function finishRemoval(world: World, took: number[]): Promise<void> {
  for (const lane of await standingLanes(world.ledger.db)) {
    if (lane.state !== 'condemned') continue
    const began = performance.now()
    agreed(await removeLane(world, lane))
    took.push(performance.now() - began)
  }
}

async function workInAll(root: string, lanes: ReadonlyMap<number, string>, plain: string): Promise<void> {
  for (const [round, path] of lanes) {
    await workIn(path)
    await workIn(worktree(root, `${plain}-${round}`))
  }
}

const worktree = (root: string, name: string): string => join(root, '..', 'plain', name)

async function addWorktree(root: string, name: string): Promise<void> {
  await command(root, 'git', 'worktree', 'add', '--quiet', '-b', name, worktree(root, name), 'main')
}

async function removeWorktree(root: string, name: string): Promise<void> {
  await command(root, 'git', 'worktree', 'remove', worktree(root, name))
}

function agreed<T>(answer: T): Exclude<T, { readonly refused: true }> {
  if (isRefusal(answer)) throw new Error(`${answer.code}: ${answer.message}`)
  return answer as Exclude<T, { readonly refused: true }>
}
