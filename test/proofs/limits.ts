import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { detectGroups } from '../../src/host/limits/detect.ts'
import { answerOf, demand, runProcess } from '../fixtures/product.ts'
import { makeRepository } from '../fixtures/repository.ts'
import { duration, type Figures, median, type Proof, type Report } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly rounds: number
  /** Lanes besides the offender's. */
  readonly jobs: number
  /** How many kinds of offenders. */
  readonly kinds: number
  /** Megabytes that each of the fixed jobs hashes; 250 take a second of a processor here. */
  readonly megabytes: number
  /** How many times as long as alone the seven may take: a sample is too short to be exact. */
  readonly atMost: number
}

interface Offender {
  readonly name: string
  readonly command: string
  /** What the task's note must say. */
  readonly cause: RegExp
}

/** In the repository, so that it is there inside the walls too. */
const SOURCE = readFileSync(
  fileURLToPath(new URL('../fixtures/programs/offender.mjs', import.meta.url)),
  'utf8',
)
const PROGRAM = 'node offender.mjs'
const OFFENDERS: readonly Offender[] = [
  { name: 'disk filler', command: `${PROGRAM} disk`, cause: /^The disk limit of 100 MB was reached/ },
  {
    name: 'fork bomb',
    command: `${PROGRAM} processes`,
    cause: /^The limit of 64 processes was reached/,
  },
  {
    name: 'memory hog, again and again',
    command: `while :; do ${PROGRAM} memory; done`,
    cause: /^The memory limit of 256 MB was reached/,
  },
  {
    name: '10,000 open files',
    command: `${PROGRAM} files`,
    cause: /One of its processes had \d+ files open; the limit is 500/,
  },
]
const SETTINGS = `agents: { attempts: 1 }
limits: { processes: 64, memory: 256mb, files: 500, disk: 100mb }
`

export const limits: Proof<Size> = {
  name: 'limits',
  line: 'Fork bomb, memory hog, disk filler and 10,000 open files, each in one lane while seven others run a fixed job: the seven take less than twice their time alone, nothing is lost, the offender is reported with its cause.',
  sample: { rounds: 1, jobs: 3, kinds: 1, megabytes: 40, atMost: 10 },
  full: { rounds: 3, jobs: 7, kinds: 4, megabytes: 300, atMost: 2 },
  async run(size, report): Promise<Figures> {
    const { shortfall } = detectGroups()
    if (shortfall !== null) return { skipped: shortfall.why }
    const offenders = OFFENDERS.slice(0, size.kinds)
    const times = new Map<string, number[]>()
    // In turn, so that what else the machine does meets all of them alike.
    for (let round = 1; round <= size.rounds; round += 1)
      for (const offender of [null, ...offenders]) {
        const name = offender?.name ?? 'alone'
        const time = await report.once(`${name}, ${round}`, async () => await play(offender, size, report))
        times.set(name, [...(times.get(name) ?? []), time])
        report.say(`${name}: ${duration(time)}`)
      }
    return figures(size, times)
  },
}

/** Milliseconds that the jobs took together. */
async function play(offender: Offender | null, { jobs, megabytes }: Size, report: Report): Promise<number> {
  using repository = makeRepository({ 'a.txt': 'one\n', 'offender.mjs': SOURCE, 'worklane.yaml': SETTINGS })
  const file = join(repository.root, '../tasks.json')
  const fixed = Array.from({ length: jobs }, (_, at) => ({
    subject: `job ${at}`,
    command: job(at, megabytes),
  }))
  // First, so that it is at its worst when the others begin.
  const tasks =
    offender === null ? fixed : [{ subject: 'offender', command: honestFirst(offender) }, ...fixed]
  writeFileSync(file, JSON.stringify(tasks))
  const ended = await runProcess({
    file: report.worklane,
    args: ['run', file, '-j', String(jobs + 1), '--json'],
    cwd: repository.root,
  })
  const answer = answerOf<{ landed: number[] }>(ended)
  assert.ok(answer.ok, ended.stdout.slice(-2000))
  assert.equal(answer.data.landed.length, jobs, ended.stdout.slice(-2000))
  if (offender !== null) await checkOffender(repository.root, offender, report)
  return timeOf(Array.from({ length: jobs }, (_, at) => repository.git('show', `main:job-${at}.txt`)))
}

/** Leaves what it calculated, when it began and when it ended. */
function job(at: number, megabytes: number): string {
  const name = `job-${at}.txt`
  return `began=$(date +%s%3N); sum=$(head -c ${megabytes}M /dev/zero | sha256sum)
echo "$sum $began $(date +%s%3N)" > ${name} && git add ${name} && git commit -qm ${name}`
}

/** From the start of the first to the end of the last. All of them calculated the same. */
function timeOf(results: readonly string[]): number {
  const parts = results.map((text) => /^([0-9a-f]{64}) +- (\d+) (\d+)$/.exec(text.trim()) ?? [])
  assert.equal(new Set(parts.map(([, sum]) => sum ?? Math.random())).size, 1, results.join(''))
  return Math.max(...parts.map((part) => Number(part[3]))) - Math.min(...parts.map((part) => Number(part[2])))
}

function honestFirst({ command }: Offender): string {
  return `echo kept > honest.txt && git add honest.txt && git commit -qm honest && ${command}`
}

interface Shown {
  readonly state: string
  readonly notes: readonly { readonly text: string }[]
  readonly lanes: readonly { readonly branch: string }[]
}

/** It has failed for the right reason, and what it did before is still on its branch. */
async function checkOffender(root: string, { name, cause }: Offender, { worklane }: Report): Promise<void> {
  const { state, notes, lanes } = await demand<Shown>(worklane, root, 'task', 'show', '1')
  assert.equal(state, 'failed', name)
  assert.match(notes.at(-1)?.text ?? '', cause)
  const show = await runProcess({
    file: 'git',
    args: ['show', `${lanes[0]?.branch}:honest.txt`],
    cwd: root,
  })
  assert.equal(show.stdout, 'kept\n', show.stderr)
}

function figures({ rounds, jobs, atMost }: Size, times: ReadonlyMap<string, readonly number[]>): Figures {
  const alone = median(times.get('alone') ?? [])
  const table: Record<string, string | number> = { rounds, [`${jobs} jobs alone (median)`]: duration(alone) }
  for (const [name, taken] of times) {
    if (name === 'alone') continue
    const share = median(taken) / alone
    assert.ok(share <= atMost, `beside ${name} the jobs took ${share.toFixed(2)} times as long`)
    table[`beside: ${name}`] = `${duration(median(taken))}, ${share.toFixed(2)} x`
  }
  return { ...table, 'of the jobs lost': 0, 'offenders not reported with their cause': 0 }
}
