import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mergeBases } from '../../src/host/git/merge.ts'
import { checkMerge } from '../../src/host/git/oracle.ts'
import { ALWAYS, CASES, type ConflictCase, type Side } from '../fixtures/conflicts/cases.ts'
import { demand, runProcess } from '../fixtures/product.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'
import { duration, type Figures, type Proof, type Report } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** How many of the cases, each of which conflicts with what lands first. */
  readonly lanes: number
  /** 1: inside walls, as people have it. */
  readonly walls: number
  /** 1: agents work in rounds, each of which meets what landed in the one before; 0: as it comes. */
  readonly apart: number
}

interface Story {
  readonly lanes: readonly { readonly name: string; readonly rung: string; readonly conflicts: number }[]
  readonly merges: number
  readonly lines: number
  readonly milliseconds: number
}

const AGENT = fileURLToPath(new URL('../fixtures/programs/merger.mjs', import.meta.url))
const ATTEMPTS = 4
const VERIFY = ['--verify', 'sh check.sh']

export const conflictLadder: Proof<Size> = {
  name: 'conflict-ladder',
  line: '12 lanes that conflict with what landed first: which rung resolves each, every landed commit verified, no line of either side dropped without a word.',
  sample: { lanes: 3, walls: 0, apart: 0 },
  full: { lanes: CASES.length, walls: 1, apart: 1 },
  async run(size, report): Promise<Figures> {
    const story = await report.once('all', async () => await play(size, report))
    const by = (rung: string): string => {
      const names = story.lanes.filter((lane) => lane.rung === rung).map(({ name }) => name)
      return names.length === 0 ? '0' : `${names.length}: ${names.join('; ')}`
    }
    const alone = story.lanes.filter(({ rung }) => rung !== 'person').length
    return {
      'lanes that conflict': story.lanes.length,
      'resolved by rules at the landing': by('rules'),
      'by the agent in its lane, in the merge': by('agent'),
      'by a fresh agent, when that conflicted again': by('fresh-agent'),
      'left to a person': by('person'),
      'resolved without a person': `${alone} of ${story.lanes.length}`,
      'landed commits, all verified, that the one-side oracle agrees with': story.merges,
      'lines of both sides looked for in main, of them missing': `${story.lines}, 0`,
      'from the first agent to the last landing': duration(story.milliseconds),
    }
  },
}

async function play({ lanes: count, walls, apart }: Size, report: Report): Promise<Story> {
  const cases = CASES.slice(0, count)
  const files = Object.assign({ ...ALWAYS }, ...cases.map((one) => one.files)) as Record<string, string>
  const settings = `agents: { attempts: ${ATTEMPTS} }\nsandbox: { mode: ${walls === 1 ? 'walls' : 'none'} }\n`
  using repository = makeRepository({ ...files, 'worklane.yaml': settings })
  const { root } = repository
  writeFileSync(join(root, '..', 'tasks.json'), JSON.stringify(tasksOf(cases)))
  const began = performance.now()
  const worklane = async (...args: readonly string[]): Promise<void> =>
    void (await runProcess({ file: report.worklane, args: [...args, '--json'], cwd: root }))
  const agents = ['--command', `"${process.execPath}" "${AGENT}"`, '-j', '4']
  // All of them begin before anything has landed.
  await worklane('run', '../tasks.json', ...agents, '--no-land')
  if (apart === 0) await worklane('run', ...agents, ...VERIFY)
  else
    for (let n = 1; (await waiting(report, root)) > 0; n += 1) {
      assert.ok(n <= 5, 'the rounds come to an end')
      await worklane('land', ...VERIFY)
      await worklane('run', ...agents, '--no-land')
      report.say(`round ${n}`)
    }
  const milliseconds = performance.now() - began
  const lanes = await laneStories(repository, cases, report)
  const merges = await checkLanded(repository)
  return { lanes, merges, lines: checkLines(repository, cases), milliseconds }
}

function tasksOf(cases: readonly ConflictCase[]): object[] {
  const first = cases.map((one) => one.first)
  const merged: Side = {
    write: Object.assign({}, ...first.map(({ write }) => write)) as Record<string, string>,
    remove: first.flatMap(({ remove }) => remove ?? []),
    move: Object.assign({}, ...first.map(({ move }) => move)) as Record<string, string>,
  }
  const jobs = [
    { name: 'What lands first', ...merged },
    ...cases.map(({ name, lane, is = 'able' }) => ({ name, ...lane, is })),
  ]
  return jobs.map(({ name, ...job }, at) => ({
    subject: name,
    priority: jobs.length - at,
    description: `\`\`\`json\n${JSON.stringify(job)}\n\`\`\``,
  }))
}

async function waiting({ worklane }: Report, root: string): Promise<number> {
  const tasks = await demand<{ tasks: readonly { readonly state: string }[] }>(worklane, root, 'task', 'list')
  return tasks.tasks.filter(({ state }) => !['landed', 'failed'].includes(state)).length
}

interface Event {
  readonly type: string
  readonly subject: string
  readonly data: {
    readonly conflict?: { readonly rung: string; readonly conflicts: number }
    readonly verified?: boolean
  }
}

async function laneStories(
  { root, git }: TestRepository,
  cases: readonly ConflictCase[],
  { worklane }: Report,
): Promise<Story['lanes']> {
  const { stdout } = await runProcess({ file: worklane, args: ['events', '--json'], cwd: root })
  const events = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Event]))
  const landed = events.filter(({ type }) => type === 'task.landed')
  assert.ok(landed.every(({ data }) => data.verified === true))
  return cases.map(({ name, rung }, at) => {
    const id = at + 2
    const conflict = landed.find(({ subject }) => subject === `task/${id}`)?.data.conflict
    const told = conflict ?? { rung: 'person', conflicts: ATTEMPTS }
    assert.equal(told.rung, rung, name)
    // Where nobody could, nothing has landed, and the lane holds the work.
    if (conflict === undefined) assert.notEqual(git('branch', '--list', `task/${id}-*`), '')
    return { name, ...told }
  })
}

/** Every merge in main carries what only one side changed; answers how many. */
async function checkLanded({ git, gitDir: commonDir }: TestRepository): Promise<number> {
  const merges = git('log', '--first-parent', '--format=%H %P', 'main').split('\n')
  let count = 0
  for (const line of merges) {
    const [tree = '', ours = '', theirs] = line.split(' ')
    if (theirs === undefined) continue
    const [base = '', ...others] = await mergeBases({ commonDir }, ours, theirs)
    assert.deepEqual(await checkMerge({ commonDir }, { bases: [base, ...others], ours, theirs, tree }), [])
    count += 1
  }
  return count
}

/** What both sides of each conflict added is in main; answers how many lines. */
function checkLines({ git }: TestRepository, cases: readonly ConflictCase[]): number {
  const wanted = cases
    .filter(({ rung }) => rung !== 'person')
    .flatMap(({ lines }) =>
      Object.entries(lines).flatMap(([path, all]) => all.map((line) => ({ path, line }))),
    )
  for (const { path, line } of wanted) {
    const content = git('show', `main:${path}`).split('\n')
    assert.ok(
      content.some((one) => one.trim().replace(/,$/, '') === line.replace(/,$/, '')),
      `${path} has lost "${line}"`,
    )
  }
  return wanted.length
}
