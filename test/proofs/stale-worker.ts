import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fillBoard } from '../fixtures/board.ts'
import { ask, demand } from '../fixtures/product.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'
import { treeOf } from './claim-crowd.ts'
import type { Figures, Proof, Report } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly trials: number
  readonly files: number
  /** Trials at the same time. */
  readonly together: number
}

interface Claimed {
  readonly lane: { readonly path: string; readonly branch: string }
  readonly epoch: number
}

/** What the stale worker tried, and what the system said to it. */
type Tries = Readonly<Record<string, string>>

const PROGRAM = fileURLToPath(new URL('../fixtures/programs/stale-worker.ts', import.meta.url))
const REFUSED = ['heartbeat', 'complete', 'release']

export const staleWorker: Proof<Size> = {
  name: 'stale-worker',
  line: "A worker stopped beyond its lease, takeover, continued: 0 of 100 stale effects accepted, in the ledger or in the new attempt's files.",
  sample: { trials: 3, files: 20, together: 3 },
  full: { trials: 100, files: 500, together: 4 },
  async run(size, report): Promise<Figures> {
    const all: Tries[] = []
    for (let from = 0, n = 1; from < size.trials; from += 20, n += 1) {
      const trials = Math.min(20, size.trials - from)
      all.push(
        ...(await report.once(`round ${n}`, async () => await oneRound({ ...size, trials }, report, n))),
      )
    }
    const kinds = Object.keys(all[0] ?? {})
    return {
      'trials (stopped beyond the lease, taken over, continued)': all.length,
      'stale effects tried': all.length * kinds.length,
      'accepted by the ledger': 0,
      "seen in the new attempt's directory, index, branch or commits, on main or in its checkout": 0,
      'attempts that then completed with all of the work of both, and nothing else': all.length,
      ...Object.fromEntries(
        kinds.map((kind) => [`answers to: ${kind}`, tally(all.map((one) => one[kind] ?? '?'))]),
      ),
    }
  },
}

function tally(answers: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1)
  return [...counts].map(([answer, count]) => `${answer} ${count}`).join(', ')
}

async function oneRound(size: Size, report: Report, n: number): Promise<Tries[]> {
  using repository = makeRepository(treeOf(size.files, report.seed + n))
  const subjects = Array.from({ length: size.trials }, (_, at) => `Piece of work ${at + 1}`)
  const waiting = [...(await fillBoard(repository.gitDir, subjects))]
  const results: Tries[] = []
  const work = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift())
      results.push(await oneTrial(report.worklane, repository.root, task))
  }
  await Promise.all(Array.from({ length: size.together }, work))
  report.say(`round ${n}: ${results.length} trials`)
  return results
}

async function oneTrial(worklane: string, root: string, task: number): Promise<Tries> {
  const first = await demand<Claimed>(worklane, root, 'claim', String(task), '--as', 'first', '--lease', '1s')
  const worker = startWorker({ worklane, root, task, lane: first.lane.path, epoch: first.epoch })
  try {
    assert.equal(await worker.line(), 'working')
    await worker.stop()
    const second = await takeOver(worklane, root, task)
    assert.equal(second.epoch, first.epoch + 1)
    const before = await picture(worklane, root, task, second)
    worker.goOn()
    const tries = JSON.parse(await worker.line()) as Tries
    await worker.ended
    assert.deepEqual(await picture(worklane, root, task, second), before)
    assert.deepEqual(
      REFUSED.map((verb) => tries[verb]),
      REFUSED.map(() => 'stale-lease'),
    )
    await finish(worklane, root, task, second)
    return tries
  } finally {
    worker.kill()
  }
}

async function takeOver(worklane: string, root: string, task: number): Promise<Claimed> {
  for (;;) {
    const answer = await ask<Claimed>(worklane, root, 'claim', String(task), '--as', 'second')
    if (answer.ok) return answer.data
    assert.equal(answer.error.code, 'already-claimed', answer.error.message)
    await wait(20)
  }
}

/** Everything that a stale effect could change. */
async function picture(worklane: string, root: string, task: number, { lane }: Claimed): Promise<object> {
  const show = await demand<object>(worklane, root, 'task', 'show', String(task))
  return {
    show,
    files: filesOf(lane.path),
    head: plainGit(lane.path, 'rev-parse', 'HEAD'),
    status: plainGit(lane.path, 'status', '--porcelain', '--branch'),
    index: plainGit(lane.path, 'ls-files', '--stage'),
    branches: plainGit(
      root,
      'for-each-ref',
      'refs/heads/main',
      `refs/heads/${lane.branch}`,
      `refs/heads/task/${task}-*`,
    ),
    main: plainGit(root, 'status', '--porcelain'),
    mainHead: plainGit(root, 'rev-parse', 'HEAD'),
  }
}

function filesOf(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort()
  return Object.fromEntries(
    paths.map((path) => [path.slice(directory.length + 1), readFileSync(path, 'utf8')]),
  )
}

/** The new attempt has the first one's work, adds its own, and is taken. */
async function finish(worklane: string, root: string, task: number, { lane, epoch }: Claimed): Promise<void> {
  const mine = ['--epoch', String(epoch)]
  await demand(worklane, root, 'heartbeat', String(task), ...mine)
  writeFileSync(join(lane.path, 'second.txt'), 'by the second attempt\n')
  const { result } = await demand<{ result: string }>(worklane, root, 'complete', String(task), ...mine)
  const added = plainGit(root, 'diff', '--name-only', 'main', result).split('\n')
  assert.deepEqual(added, ['first.txt', 'open.txt', 'second.txt', 'unsaved.txt'])
  for (const path of added) assert.doesNotMatch(plainGit(root, 'show', `${result}:${path}`), /stale/)
  assert.doesNotMatch(plainGit(root, 'log', '--format=%s', `main..${result}`), /stale/)
}

interface Worker {
  /** The next line that it prints. */
  line(): Promise<string>
  /** Resolves when the system shows it as stopped. */
  stop(): Promise<void>
  goOn(): void
  kill(): void
  readonly ended: Promise<unknown>
}

function startWorker(job: {
  worklane: string
  root: string
  task: number
  lane: string
  epoch: number
}): Worker {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    [PROGRAM, JSON.stringify(job)],
    { cwd: job.lane, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const ended = new Promise((answer) => child.once('exit', answer))
  const lines: Interface = createInterface({ input: child.stdout })
  const printed = lines[Symbol.asyncIterator]()
  return {
    ended,
    line: async () => String((await printed.next()).value ?? 'ended'),
    async stop() {
      child.kill('SIGSTOP')
      while (!/^\d+ \(.*\) T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8'))) await wait(2)
    },
    goOn() {
      child.stdin.write('go\n')
      child.kill('SIGCONT')
    },
    kill: () => void child.kill('SIGKILL'),
  }
}
