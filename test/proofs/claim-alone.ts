import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { isRefusal } from '../../src/board/refusal.ts'
import { currentMoment } from '../../src/host/clock.ts'
import { eventsAfter } from '../../src/ledger/events.ts'
import { claimNext, liveLeases } from '../../src/ledger/leases.ts'
import { type Ledger, openLedger } from '../../src/ledger/ledger.ts'
import { listTasks } from '../../src/ledger/tasks.ts'
import { transact } from '../../src/ledger/transact.ts'
import { fillBoard, ledgerOf } from '../fixtures/board.ts'
import { bundleProgram } from '../fixtures/bundle.ts'
import { atOnce } from '../fixtures/crowd.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'
import { duration, type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly processes: number
  readonly claims: number
}

interface Claimer {
  readonly name: string
  readonly claims: readonly (readonly [task: number, epoch: number])[]
  readonly refusals: readonly string[]
}

export const claimAlone: Proof<Size> = {
  name: 'claim-alone',
  line: 'The claim operation alone, without lanes: 64 processes x 200: 0 double, 0 lost.',
  sample: { processes: 8, claims: 25 },
  full: { processes: 64, claims: 200 },
  async run({ processes, claims }, report): Promise<Figures> {
    const directory = temporaryDirectory()
    try {
      const all = processes * claims
      await fillLedger(directory, all, report)
      const program = await bundleProgram('claimer.ts', directory)
      const ended = await atOnce(
        Array.from({ length: processes }, (_, at) => ({
          file: process.execPath,
          args: [program, ledgerOf(directory), `claimer-${at + 1}`, String(claims)],
          cwd: directory,
        })),
      )
      const failed = ended.filter(({ exitCode, stderr }) => exitCode !== 0 || stderr !== '')
      assert.equal(failed.length, 0, failed[0]?.stderr)
      const claimers = ended.map(({ stdout }) => JSON.parse(stdout) as Claimer)
      const slowest = Math.max(...ended.map(({ milliseconds }) => milliseconds))
      return {
        claims: all,
        ...(await compare(directory, claimers, all)),
        'claims per second, all processes together': Math.round((all / slowest) * 1000),
        'time from the first claim to the last': duration(slowest),
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

/** Exactly as many tasks as will be claimed, so that a lost claim shows as one too few. */
async function fillLedger(directory: string, tasks: number, { seed }: Report): Promise<void> {
  const random = randomNumbers(seed)
  const urgent = Array.from({ length: tasks }, () => Math.floor(random() * 3))
  for (const priority of [0, 1, 2]) {
    const subjects = urgent.flatMap((level, at) => (level === priority ? [`Piece of work ${at + 1}`] : []))
    await fillBoard(directory, subjects, { priority })
  }
}

/** What the processes believe against what the event stream and the tables say. */
async function compare(directory: string, claimers: readonly Claimer[], all: number): Promise<Figures> {
  assert.deepEqual(
    claimers.flatMap(({ refusals }) => refusals),
    [],
  )
  const believed = claimers.flatMap(({ name, claims }) =>
    claims.map(([task, epoch]) => `task/${task} epoch ${epoch} by ${name}`),
  )
  const ledger = await openLedger(ledgerOf(directory))
  try {
    const events = (await eventsAfter(ledger.db, 0, 10 * all)).filter(({ type }) => type === 'task.claimed')
    const told = events.map(
      ({ subject, epoch, data }) => `${subject} epoch ${epoch} by ${String(data.holder)}`,
    )
    const leases = await liveLeases(ledger.db)
    const held = leases.map(({ taskId, epoch, holder }) => `task/${taskId} epoch ${epoch} by ${holder}`)
    assert.equal(believed.length, all)
    assert.deepEqual(told.sort(), [...believed].sort())
    assert.deepEqual(held.sort(), told)
    const subjects = new Set(events.map(({ subject }) => subject))
    const unclaimed = (await listTasks(ledger.db)).filter(
      ({ state, epoch }) => state !== 'in_progress' || epoch !== 1,
    )
    assert.deepEqual(unclaimed, [])
    assert.equal(await refusalAtTheEnd(ledger), 'nothing-ready')
    return { 'claimed twice': told.length - subjects.size, lost: all - subjects.size }
  } finally {
    await ledger.close()
  }
}

async function refusalAtTheEnd(ledger: Ledger): Promise<string> {
  const actor = { name: 'late', now: () => Date.now(), moment: currentMoment }
  const claim = await transact(
    ledger,
    actor,
    async (tx) => await claimNext(tx, { holder: 'late', length: null }),
  )
  return isRefusal(claim) ? claim.code : 'claimed'
}
