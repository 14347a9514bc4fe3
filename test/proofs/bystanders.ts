import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fillBoard } from '../fixtures/board.ts'
import { disagreements, lookAtLanes } from '../fixtures/lane-views.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'
import { checkRepository, treeOf } from './claim-crowd.ts'
import { type Figures, type Proof, type Report, randomNumbers } from './proof.ts'
import { Tally } from './tally.ts'

interface Size {
  readonly [name: string]: number
  readonly creators: number
  readonly others: number
  readonly claims: number
  readonly files: number
  readonly rounds: number
}

type Counts = Readonly<Record<string, number>>

/** Every fourth task is claimed, worked on, removed and given back once before it is done. */
const GIVEN_BACK_EVERY = 4

export const bystanders: Proof<Size> = {
  name: 'bystanders',
  line: '20 processes create lanes while 10 others list, commit, land and remove: 0 errors reach anyone, plain git of bystanders included.',
  sample: { creators: 2, others: 3, claims: 5, files: 30, rounds: 1 },
  full: { creators: 20, others: 10, claims: 100, files: 200, rounds: 3 },
  async run(size, report): Promise<Figures> {
    const rounds: Counts[] = []
    for (let n = 1; n <= size.rounds; n += 1)
      rounds.push(await report.once(`round ${n}`, async () => await oneRound(size, report, n)))
    const total: Record<string, number> = {}
    for (const counts of rounds)
      for (const [kind, count] of Object.entries(counts)) total[kind] = (total[kind] ?? 0) + count
    const operations = Object.values(total).reduce((sum, count) => sum + count, 0)
    const sorted = Object.entries(total).sort(([a], [b]) => a.localeCompare(b))
    return {
      'operations, each a process of its own': operations,
      'errors and complaints that reached anyone': 0,
      ...Object.fromEntries(sorted.map(([kind, count]) => [`\`${kind}\``, count])),
    }
  },
}

interface Claimed {
  readonly task: { readonly id: number }
  readonly lane: { readonly path: string }
  readonly epoch: number
}

/** What the loops of one round share. */
interface Scene {
  readonly repository: TestRepository
  readonly tally: Tally
  readonly size: Size
  readonly random: () => number
  /** Claims that nobody has worked on yet. */
  readonly claimed: Claimed[]
  readonly tasks: number
  readonly claims: number
  made: number
  landed: boolean
}

async function oneRound(size: Size, report: Report, n: number): Promise<Counts> {
  using repository = makeRepository(treeOf(size.files, report.seed + n))
  const tasks = Math.round((size.claims * GIVEN_BACK_EVERY) / (GIVEN_BACK_EVERY + 1))
  await fillBoard(
    repository.gitDir,
    Array.from({ length: tasks }, (_, at) => `Piece of work ${at + 1}`),
  )
  const tally = new Tally(report.worklane)
  const random = randomNumbers(report.seed * 1000 + n)
  const claims = tasks + Math.floor(tasks / GIVEN_BACK_EVERY)
  const scene: Scene = {
    ...{ repository, tally, size, random, tasks, claims },
    ...{ claimed: [], made: 0, landed: false },
  }
  await Promise.all([
    ...Array.from({ length: size.creators }, async (_, at) => await create(scene, `creator-${at + 1}`)),
    ...Array.from(
      { length: size.others },
      async (_, at) => await (OTHERS[at % OTHERS.length] ?? look)(scene),
    ),
    ...LOOPS.map(async (args) => await loop(scene, args)),
  ])
  report.say(`round ${n}: ${scene.made} claims, ${tally.errors.length} errors`)
  assert.deepEqual(tally.errors, [])
  await checkEnd(scene, report.worklane)
  return Object.fromEntries(tally.counts)
}

/** Claims until the last lane is made. A task that is given back comes up again, so somebody may have to wait. */
async function create(scene: Scene, name: string): Promise<void> {
  const { tally, repository, claimed } = scene
  while (scene.made < scene.claims) {
    scene.made += 1
    for (;;) {
      const answer = await tally.ask<Claimed>(repository.root, ['claim', '--as', name], ['nothing-ready'])
      if (answer.ok) {
        claimed.push(answer.data)
        break
      }
      if (answer.error.code !== 'nothing-ready' || isOver(scene)) return
      await wait(20)
    }
  }
}

async function work(scene: Scene): Promise<void> {
  while (!isOver(scene)) {
    const claim = scene.claimed.shift()
    if (claim === undefined) await wait(5)
    else await workOn(scene, claim)
  }
}

async function workOn({ tally, repository: { root } }: Scene, { task, lane, epoch }: Claimed): Promise<void> {
  const [id, mine] = [String(task.id), ['--epoch', String(epoch)]]
  writeFileSync(join(lane.path, `piece-${id}.txt`), `attempt ${epoch} at ${id}\n`)
  await tally.git(lane.path, 'add', '--all')
  await tally.git(lane.path, 'commit', '--quiet', `--message=Piece ${id}`)
  await tally.git(lane.path, 'status', '--porcelain')
  if (task.id % GIVEN_BACK_EVERY !== 0 || epoch > 1) {
    await tally.ask(root, ['complete', id, ...mine])
    return
  }
  writeFileSync(join(lane.path, 'left behind.txt'), 'not committed\n')
  await tally.ask(root, ['lane', 'remove', id])
  await tally.ask(root, ['release', id, ...mine])
}

async function land(scene: Scene): Promise<void> {
  const { tally, repository, tasks } = scene
  while (!isOver(scene)) {
    await tally.ask(repository.root, ['land'])
    const status = await tally.ask<{ tasks: Counts }>(repository.root, ['status'])
    if (status.ok && status.data.tasks.landed === tasks) scene.landed = true
  }
}

const LOOKS: readonly (readonly [program: 'git' | 'worklane', ...args: string[]])[] = [
  ['git', 'worktree', 'list'],
  ['git', 'worktree', 'list', '--porcelain'],
  ['git', 'branch'],
  ['git', 'branch', '--all', '--verbose'],
  ['git', 'status'],
  ['git', 'status', '--porcelain', '--branch'],
  ['git', 'fetch', '--quiet', '.'],
  ['git', 'log', '--oneline', '--all', '-5'],
  ['git', 'for-each-ref'],
  ['worklane', 'lane', 'list'],
  ['worklane', 'task', 'list'],
]

async function look(scene: Scene): Promise<void> {
  const { tally, repository, random } = scene
  while (!isOver(scene)) {
    const [program, ...args] = LOOKS[Math.floor(random() * LOOKS.length)] ?? ['git', 'status']
    await (program === 'git' ? tally.git(repository.root, ...args) : tally.ask(repository.root, args))
    await wait(20)
  }
}

/** What each of the ten others does. */
const OTHERS: readonly ((scene: Scene) => Promise<void>)[] = [
  ...[work, land, look, work],
  ...[look, work, look, work],
  ...[land, look],
]

/** Besides: what people and editors let run in the background. */
const LOOPS: readonly (readonly string[])[] = [
  ['worktree', 'list'],
  ['worktree', 'prune'],
  ['-c', 'gc.auto=1', '-c', 'gc.autoDetach=false', 'gc', '--auto', '--quiet'],
]

async function loop(scene: Scene, args: readonly string[]): Promise<void> {
  while (!isOver(scene)) {
    await scene.tally.git(scene.repository.root, ...args)
    await wait(100)
  }
}

/** Also after an error: what follows from it would only hide it. */
function isOver({ landed, tally }: Scene): boolean {
  return landed || tally.errors.length > 0
}

/** Every task landed, on main and in the checkout; no lane, branch or lock is left. */
async function checkEnd({ repository, tasks }: Scene, worklane: string): Promise<void> {
  const views = await lookAtLanes(worklane, repository.root)
  assert.deepEqual(disagreements(views), [])
  assert.deepEqual(views.ledger, [])
  assert.equal(plainGit(repository.root, 'branch', '--format=%(refname:short)'), 'main')
  const pieces = Array.from({ length: tasks }, (_, at) => `piece-${at + 1}.txt`)
  assert.deepEqual(
    pieces.filter((path) => !existsSync(join(repository.root, path))),
    [],
  )
  assert.ok(!existsSync(join(repository.root, 'left behind.txt')))
  checkRepository(repository)
}
