/** Looks at the repository of the demonstration after the work, from outside. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export interface Finding {
  readonly good: boolean
  readonly text: string
}

interface Place {
  readonly top: string
  readonly repository: string
  readonly worklane: string
  readonly exitCode: number
}

interface Task {
  readonly id: number
  readonly subject: string
  readonly state: string
}

interface Event {
  readonly type: string
  readonly time: string
}

export async function inspect(place: Place): Promise<Finding[]> {
  const tasks = ask<{ tasks: Task[] }>(place, 'task', 'list').tasks
  const open = tasks.filter(({ state }) => state !== 'landed')
  return [
    ...tellTasks(place, tasks, open),
    tellEvents(eventsOf(place)),
    await testClone(place),
    ...(await tellLeftovers(place, open)),
  ]
}

/** `data` of a `--json` answer. */
function ask<T>({ worklane, repository }: Place, ...args: string[]): T {
  const { stdout } = spawnSync(worklane, [...args, '--json'], { cwd: repository, encoding: 'utf8' })
  const answer = JSON.parse(stdout) as { ok: true; data: T } | { ok: false; error: { message: string } }
  if (!answer.ok) throw new Error(`worklane ${args.join(' ')}: ${answer.error.message}`)
  return answer.data
}

/** One event a line, then the answer. */
function eventsOf({ worklane, repository }: Place): Event[] {
  const text = execFileSync(worklane, ['events', '--json'], { cwd: repository, encoding: 'utf8' })
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Event).filter(({ type }) => type !== undefined)
}

function git({ repository }: Place, ...args: string[]): string {
  return execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim()
}

function tellTasks({ exitCode }: Place, tasks: readonly Task[], open: readonly Task[]): Finding[] {
  return [
    {
      good: open.length === 0 && tasks.length > 0,
      text: `${tasks.length - open.length} of ${tasks.length} tasks landed; exit code ${exitCode}`,
    },
    ...open.map(({ id, subject, state }) => ({
      good: false,
      text: `unfinished: ${id} ${subject} (${state})`,
    })),
  ]
}

function tellEvents(events: readonly Event[]): Finding {
  const count = (type: string): number => events.filter((event) => event.type === type).length
  let running = 0
  let most = 0
  for (const { type } of events) {
    if (type === 'run.started') running += 1
    if (type === 'run.ended') running -= 1
    most = Math.max(most, running)
  }
  const [first, last] = [events[0]?.time ?? 0, events.at(-1)?.time ?? 0]
  const seconds = Math.round((new Date(last).getTime() - new Date(first).getTime()) / 1000)
  return {
    good: true,
    text:
      `${count('run.started')} attempts, ${most} at once at most, in ${seconds} s; handed back: ` +
      `${count('landing.conflicted')} conflicts, ${count('landing.rejected')} red on main`,
  }
}

async function testClone(place: Place): Promise<Finding> {
  const clone = join(place.top, 'clone')
  execFileSync('git', ['clone', '--quiet', '--branch', 'main', place.repository, clone])
  const { status, stdout } = spawnSync('node', ['--test', '--test-reporter=tap'], {
    cwd: clone,
    encoding: 'utf8',
  })
  const passed = /^# pass (\d+)$/m.exec(stdout)?.[1] ?? '0'
  const failed = /^# fail (\d+)$/m.exec(stdout)?.[1] ?? '?'
  return { good: status === 0, text: `main in a fresh clone: ${passed} tests pass, ${failed} fail` }
}

/** Deleting goes on in the background for a moment, so each look is repeated until it is clean, ten seconds at most. */
async function tellLeftovers(place: Place, open: readonly Task[]): Promise<Finding[]> {
  const looks: Readonly<Record<string, () => string[]>> = {
    lanes: () => worktrees(place),
    branches: () =>
      git(place, 'for-each-ref', '--format=%(refname:short)', 'refs/heads')
        .split('\n')
        .filter((name) => name !== 'main'),
    'directories in .worktrees': () =>
      entries(join(place.repository, '.worktrees')).filter((name) => name !== '.git'),
    processes: () => processesIn(place.top),
    'lock files': () => locks(join(place.repository, '.git')),
    'changes in main': () => git(place, 'status', '--porcelain').split('\n').filter(Boolean),
    'complaints of git fsck': () => complaints(place),
    'findings of doctor': () =>
      ask<{ findings: unknown[] }>(place, 'doctor').findings.map((one) => JSON.stringify(one)),
  }
  const findings: Finding[] = []
  const until = Date.now() + 10_000
  for (const [what, look] of Object.entries(looks)) {
    let left = look()
    while (left.length > 0 && open.length === 0 && Date.now() < until) {
      await wait(100)
      left = look()
    }
    const strange = left.filter((name) => !open.some(({ id }) => new RegExp(`\\btask\\W${id}\\b`).test(name)))
    const rest = left.length === 0 ? '' : `: ${left.slice(0, 5).join('; ')}`
    findings.push({
      good: strange.length === 0,
      text: `${left.length === 0 ? 'no' : left.length} ${what} left${rest}`,
    })
  }
  return findings
}

function worktrees(place: Place): string[] {
  const all = git(place, 'worktree', 'list', '--porcelain').match(/(?<=^worktree ).*/gm) ?? []
  return all.filter((path) => path !== place.repository)
}

function entries(directory: string): string[] {
  if (!existsSync(directory)) return []
  const trash = join(directory, '.trash')
  return [
    ...readdirSync(directory).filter((name) => name !== '.trash'),
    ...(existsSync(trash) ? readdirSync(trash) : []),
  ]
}

/** Linux: processes that stand in the directory. Elsewhere: those that name it. */
function processesIn(top: string): string[] {
  if (!existsSync('/proc/self/cwd'))
    return execFileSync('ps', ['-axo', 'pid=,args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(top))
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && standsIn(pid, top))
}

function standsIn(pid: string, top: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(top)
  } catch {
    return false
  }
}

function locks(gitDir: string): string[] {
  const files = readdirSync(gitDir, { recursive: true, encoding: 'utf8' })
  return files.filter((file) => file.endsWith('.lock'))
}

function complaints(place: Place): string[] {
  const { status, stdout, stderr } = spawnSync('git', ['fsck', '--full', '--no-dangling', '--no-progress'], {
    cwd: place.repository,
    encoding: 'utf8',
  })
  return status === 0 ? [] : `${stdout}${stderr}`.trim().split('\n')
}
