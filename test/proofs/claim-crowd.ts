import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { atOnce, gated } from '../fixtures/crowd.ts'
import { disagreements, lookAtLanes } from '../fixtures/lane-views.ts'
import { answerOf, type Ended } from '../fixtures/product.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'
import { duration, type Figures, median, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly processes: number
  readonly files: number
  readonly rounds: number
}

interface Round {
  readonly added: number
  readonly claimed: number
  readonly lanes: number
  /** Milliseconds from the start of all claims to the answer of each. */
  readonly times: readonly number[]
}

interface Claimed {
  readonly task: { readonly id: number }
  readonly lane: {
    readonly path: string
    readonly branch: string
    readonly port: number
    readonly startPoint: string
  }
  readonly epoch: number
}

export const claimCrowd: Proof<Size> = {
  name: 'claim-crowd',
  line: '50 processes `claim` at the same moment (50 lanes of 500 files), 5 rounds: 250 of 250 succeed; ledger = `git worktree list` = branches = directories.',
  sample: { processes: 10, files: 40, rounds: 1 },
  full: { processes: 50, files: 500, rounds: 5 },
  async run(size, report): Promise<Figures> {
    const rounds: Round[] = []
    for (let n = 1; n <= size.rounds; n += 1)
      rounds.push(await report.once(`round ${n}`, async () => await oneRound(size, report, n)))
    const sum = (of: (round: Round) => number): number => rounds.reduce((total, one) => total + of(one), 0)
    const all = size.processes * size.rounds
    const times = rounds.flatMap((round) => round.times)
    return {
      '`task add` at the same moment, in a repository that never saw Worklane': `${sum((one) => one.added)} of ${all} succeed`,
      '`claim` at the same moment': `${sum((one) => one.claimed)} of ${all} succeed`,
      'lanes that ledger, `git worktree list`, branches and directories agree on': `${sum((one) => one.lanes)} of ${all}`,
      'a claim of the crowd is answered after (median, slowest)': `${duration(median(times))}, ${duration(Math.max(...times))}`,
    }
  },
}

async function oneRound(size: Size, report: Report, n: number): Promise<Round> {
  using repository = makeRepository(treeOf(size.files, report.seed + n))
  const crowd = async (words: (n: number) => readonly string[]): Promise<Ended[]> =>
    await atOnce(
      Array.from({ length: size.processes }, (_, at) =>
        gated({ file: report.worklane, args: [...words(at + 1), '--json'], cwd: repository.root }),
      ),
    )
  const added = (await crowd((at) => ['task', 'add', `Piece of work ${at}`])).map((ended) => answerOf(ended))
  assert.deepEqual(
    added.filter((answer) => !answer.ok),
    [],
  )
  const ended = await crowd((at) => ['claim', '--as', `worker-${at}`])
  const answers = ended.map((one) => answerOf<Claimed>(one))
  assert.deepEqual(
    answers.filter((answer) => !answer.ok),
    [],
  )
  const claims = answers.flatMap((answer) => (answer.ok ? [answer.data] : []))
  checkDistinct(claims)
  const views = await lookAtLanes(report.worklane, repository.root)
  assert.deepEqual(disagreements(views), [])
  assert.equal(views.ledger.length, size.processes)
  for (const claim of claims) checkLane(claim, size.files)
  checkRepository(repository)
  report.say(
    `round ${n}: ${claims.length} lanes in ${duration(Math.max(...ended.map((one) => one.milliseconds)))}`,
  )
  const times = ended.map((one) => Math.round(one.milliseconds))
  return { added: added.length, claimed: claims.length, lanes: views.ledger.length, times }
}

/** Files of a line to a page, the same for the same seed. */
export function treeOf(files: number, seed: number): Record<string, string> {
  const random = randomNumbers(seed)
  const text = (): string => `${random()}\n`.repeat(1 + Math.floor(random() * 60))
  return Object.fromEntries(
    Array.from({ length: files }, (_, at) => [`part-${at % 23}/deep/file-${at}.txt`, text()]),
  )
}

/** Nobody shares anything with anybody. */
function checkDistinct(claims: readonly Claimed[]): void {
  const different = (of: (claim: Claimed) => string | number): number => new Set(claims.map(of)).size
  assert.equal(
    different((claim) => claim.task.id),
    claims.length,
  )
  assert.equal(
    different((claim) => claim.lane.path),
    claims.length,
  )
  assert.equal(
    different((claim) => claim.lane.branch),
    claims.length,
  )
  assert.equal(
    different((claim) => claim.lane.port),
    claims.length,
  )
  assert.ok(claims.every((claim) => claim.epoch === 1))
}

/** Whole, clean, on its own branch, at its start point. */
function checkLane({ lane }: Claimed, files: number): void {
  assert.equal(plainGit(lane.path, 'status', '--porcelain', '--ignored'), '')
  assert.equal(plainGit(lane.path, 'symbolic-ref', '--short', 'HEAD'), lane.branch)
  assert.equal(plainGit(lane.path, 'rev-parse', 'HEAD'), lane.startPoint)
  const there = readdirSync(lane.path, { recursive: true, withFileTypes: true })
  assert.equal(there.filter((entry) => entry.isFile() && entry.name !== '.git').length, files)
}

/** The main checkout saw nothing, and nothing is left half done. */
export function checkRepository({ root, gitDir, git }: TestRepository): void {
  assert.equal(plainGit(root, 'status', '--porcelain'), '')
  const leftovers = readdirSync(gitDir, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.lock') || /^worklane\/making\/./.test(path),
  )
  assert.deepEqual(leftovers, [])
  assert.equal(git('fsck', '--no-dangling', '--no-progress'), '')
}
