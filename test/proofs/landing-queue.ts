import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { demand, runProcess } from '../fixtures/product.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'
import { duration, type Figures, type Proof, type Report } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly lanes: number
  readonly broken: number
  /** Agents at once, and seconds of a verify run. */
  readonly agents: number
  readonly suite: number
}

interface Queue {
  readonly queue: readonly unknown[]
  readonly runs: readonly {
    readonly tasks: readonly number[]
    readonly result: string
    readonly commit: string
    readonly log: string
  }[]
}

interface TaskAnswer {
  readonly state: string
  readonly notes: readonly { readonly kind: string; readonly text: string }[]
}

const CHECK = `sleep "$(cat seconds)"
if grep -ls broken part-*.txt; then echo "these are broken"; exit 1; fi
if grep -lqs "now and then" part-*.txt && ! test -f "$(cat where)/seen"; then touch "$(cat where)/seen"; echo "fails now and then"; exit 1; fi
`
const AGENT = `case " $(cat "$OUTSIDE/broken") " in *" $WORKLANE_TASK "*) text=broken;; *) text=fine;; esac
test "$WORKLANE_TASK" = "$(cat "$OUTSIDE/flaky")" && text="now and then"
echo "$text" > "part-$WORKLANE_TASK.txt" && git add -A && git commit -qm "part $WORKLANE_TASK"
`

export const landingQueue: Proof<Size> = {
  name: 'landing-queue',
  line: '24 lanes by real agents, 2 of them broken and 1 that fails now and then, one verify slot: every head that main had is green, the two are ejected with their log, everything else lands.',
  sample: { lanes: 5, broken: 1, agents: 3, suite: 0 },
  full: { lanes: 24, broken: 2, agents: 4, suite: 1 },
  async run(size, report): Promise<Figures> {
    const took = await report.once('run', async () => await oneRun(size, report))
    return {
      'lanes, of them broken, failing now and then': `${size.lanes}, ${size.broken}, 1`,
      'landed, ejected': `${took.landed}, ${took.ejected}`,
      'heads that main had, of them red': `${took.heads}, 0`,
      'verify runs: green, red': `${took.green}, ${took.red}`,
      'verify runs for a landing, second runs of what failed among them': (
        (took.green + took.red) /
        took.landed
      ).toFixed(2),
      'from the first agent to the last landing': duration(took.milliseconds),
    }
  },
}

async function oneRun(size: Size, report: Report) {
  using repository = makeRepository({
    'README.md': '# Parts\n',
    'check.sh': CHECK,
    seconds: `${size.suite}\n`,
    'worklane.yaml': 'agents:\n  attempts: 1\n  environment: ["OUTSIDE"]\nsandbox: { mode: none }\n',
  })
  const outside = join(repository.root, '..')
  // A verify run finds nothing of another one: what fails now and then has to remember it elsewhere.
  repository.commit('where', { where: `${outside}\n` })
  const ids = Array.from({ length: size.lanes }, (_, at) => at + 1)
  const broken = ids.filter((id) => id % 7 === 3).slice(0, size.broken)
  writeFileSync(join(outside, 'broken'), broken.join(' '))
  writeFileSync(join(outside, 'flaky'), '2')
  writeFileSync(join(outside, 'agent.sh'), AGENT)
  writeFileSync(join(outside, 'tasks.txt'), ids.map((id) => `Part ${id}\n`).join(''))
  const args = ['run', '../tasks.txt', '--command', 'sh "$OUTSIDE/agent.sh"', '-j', String(size.agents)]
  const { milliseconds, stderr } = await runProcess({
    file: report.worklane,
    args: [...args, '--verify', 'sh check.sh', '--json'],
    cwd: repository.root,
    env: { OUTSIDE: outside },
  })
  const { runs, queue } = await demand<Queue>(
    report.worklane,
    repository.root,
    ...['landing', 'list', '--runs', '1000'],
  )
  assert.deepEqual(queue, [], stderr)
  for (const id of ids) await checkTask(repository, report, id, broken.includes(id))
  const heads = checkHeads(repository)
  const count = (result: string): number => runs.filter((run) => run.result === result).length
  assert.equal(count('green') + count('red'), runs.length)
  report.say(
    `${runs.length} verify runs for ${ids.length - broken.length} landings in ${duration(milliseconds)}`,
  )
  return {
    landed: ids.length - broken.length,
    ejected: broken.length,
    heads,
    green: count('green'),
    red: count('red'),
    milliseconds,
  }
}

async function checkTask(
  { root, git }: TestRepository,
  { worklane }: Report,
  id: number,
  isBroken: boolean,
): Promise<void> {
  const { state, notes } = await demand<TaskAnswer>(worklane, root, 'task', 'show', String(id))
  const there = git('ls-tree', '--name-only', 'main', `part-${id}.txt`) !== ''
  assert.deepEqual([state, there], isBroken ? ['failed', false] : ['landed', true], `task ${id}`)
  if (!isBroken) return
  const rejection = notes.find(({ kind }) => kind === 'rejection')?.text ?? ''
  assert.match(rejection, new RegExp(`part-${id}\\.txt\\nthese are broken`))
  const { log } = (await demand<Queue>(worklane, root, 'landing', 'list', '--runs', '1000')).runs.find(
    ({ tasks, result }) => result === 'red' && tasks.includes(id),
  ) ?? { log: '' }
  assert.ok(existsSync(log) && readFileSync(log, 'utf8').includes('these are broken'), log)
}

/** Every commit that main was moved to passes the checks in a clean checkout; answers how many. */
function checkHeads({ root, git }: TestRepository): number {
  const heads = git('reflog', 'show', '--format=%H', 'main').split('\n')
  const clean = join(root, '..', 'clean')
  plainGit(root, 'worktree', 'add', '-q', '--detach', clean, 'main')
  for (const head of heads) {
    plainGit(clean, 'checkout', '-q', head)
    writeFileSync(join(clean, 'seen'), '')
    writeFileSync(join(clean, 'seconds'), '0\n')
    execFileSync('sh', ['check.sh'], { cwd: clean })
    plainGit(clean, 'checkout', '-q', '--', 'seconds')
  }
  plainGit(root, 'worktree', 'remove', '--force', clean)
  return heads.length
}
