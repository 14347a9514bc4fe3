import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { background, contentOf, data, until, worklane } from '../fixtures/cli.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'

const AGENT = `"${process.execPath}" "${fileURLToPath(new URL('../fixtures/programs/agent.mjs', import.meta.url))}"`

type Script = string | ({ readonly script: string } & Readonly<Record<string, unknown>>)

/** A task file; the script of each task's agent is in its description. */
function taskFile(repository: TestRepository, tasks: Record<string, Script>): string {
  const file = join(repository.root, '../tasks.json')
  const list = Object.entries(tasks).map(([subject, task]) => {
    const { script, ...options } = typeof task === 'string' ? { script: task } : task
    return { subject, description: `\`\`\`\n${script}\n\`\`\``, ...options }
  })
  writeFileSync(file, JSON.stringify(list))
  return file
}

async function run(repository: TestRepository, tasks: Record<string, Script>, ...flags: readonly string[]) {
  const said = await worklane(
    repository.root,
    'run',
    taskFile(repository, tasks),
    '--command',
    AGENT,
    '--json',
    ...flags,
  )
  const lines = said.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return { code: said.code, summary: lines.at(-1).data, events: lines.slice(0, -1), answer: lines.at(-1) }
}

function expectTidy({ root, git }: TestRepository): void {
  expect(git('worktree', 'list').split('\n')).toHaveLength(1)
  expect(git('branch', '--format=%(refname:short)')).toBe('main')
  expect(git('status', '--porcelain')).toBe('')
  expect(readdirSync(join(root, '.git')).filter((name) => name.endsWith('.lock'))).toEqual([])
  git('fsck', '--strict')
}

describe('run', () => {
  it('lands what agents do, left-overs and bad exit codes included, and tidies up', async () => {
    using repository = makeRepository({ 'a.txt': 'one\n' })
    const { code, summary, events } = await run(
      repository,
      {
        First: { key: 'first', script: 'write x/one.txt 1\ncommit one' },
        'Second, forgets to commit': { after: ['first'], script: 'write two.txt 2\nsay working' },
        'Third, exits badly with a check that speaks for it': {
          checks: ['test -f three.txt'],
          script: 'write three.txt 3\ncommit three\nexit 3',
        },
      },
      '-j',
      '2',
      '--verify',
      'test -f a.txt',
    )
    expect({ code, ...summary }).toMatchObject({
      code: 0,
      landed: [1, 2, 3],
      unfinished: [],
      verified: true,
      base: 'main',
    })
    expect(['x/one.txt', 'two.txt', 'three.txt'].map((file) => contentOf(repository.root, file))).toEqual([
      '1\n',
      '2\n',
      '3\n',
    ])
    expect(repository.git('log', '--format=%s%n%b', 'main')).toContain('Left uncommitted by the agent')
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => events[0].seq + at))
    expect((await worklane(repository.root, 'logs', '2')).out).toBe('working\n')
    expectTidy(repository)
  })

  it('gives a conflict and a red verify back with a note, and the next attempt lands', async () => {
    // In the middle of the merge that the attempt begins with.
    const merge =
      'on conflict: sh grep -q "^|||||||" list.txt\non conflict: write list.txt both\non conflict: commit both'
    using repository = makeRepository({ 'list.txt': 'a\n', 'ok.txt': 'yes\n' })
    const { summary, events } = await run(
      repository,
      {
        // Whichever lands second is the one that conflicts.
        One: `first: write list.txt one\nfirst: commit one\n${merge}`,
        Two: `first: write list.txt two\nfirst: commit two\n${merge}`,
        Three:
          'first: write ok.txt no\nfirst: commit broken\non rejection: write ok.txt yes\non rejection: write three.txt 3\non rejection: commit mended',
      },
      '--verify',
      'echo checking; grep -q yes ok.txt',
    )
    expect(summary).toMatchObject({ landed: [1, 2, 3], unfinished: [] })
    expect(contentOf(repository.root, 'list.txt')).toBe('both\n')
    const count = (type: string) => events.filter((event) => event.type === type).length
    expect([count('landing.conflicted'), count('landing.rejected'), count('task.returned')]).toEqual([
      1, 1, 2,
    ])
    expect(
      events.flatMap(({ type, data: { conflict = [] } }) => (type === 'task.landed' ? conflict : [])),
    ).toEqual([{ rung: 'agent', conflicts: 1 }])
    expectTidy(repository)
  })

  it('takes in what an agent left whose git was killed in the middle of a commit', async () => {
    using repository = makeRepository()
    const { code, summary } = await run(repository, {
      Killed: {
        script: 'write one.txt 1\nsh touch "$(git rev-parse --git-dir)/index.lock"',
      },
    })
    expect([code, summary.landed]).toEqual([0, [1]])
    expect(contentOf(repository.root, 'one.txt')).toBe('1\n')
  })

  it('starts a command that is not there once, and says what to do', async () => {
    using repository = makeRepository()
    const { root } = repository
    repository.write('agent.sh', 'true\n')
    const said = await worklane(root, 'run', 'one', '--command', './agent.sh', '--json')
    expect(said.out.match(/"type":"run.started"/g)).toHaveLength(1)
    const { data: summary } = JSON.parse(said.out.trim().split('\n').at(-1) ?? '')
    expect(summary.unfinished).toMatchObject([
      { id: 1, state: 'pending', reason: expect.stringContaining('commit the command, or name it by') },
    ])
  })

  it('counts an attempt that the system did not let begin, and says why', async () => {
    using repository = makeRepository()
    mkdirSync(join(repository.gitDir, 'worklane'))
    writeFileSync(join(repository.gitDir, 'worklane/runs'), 'in the way\n')
    const { code, summary } = await run(repository, { One: 'write a 1' })
    expect([code, summary.unfinished]).toMatchObject([1, [{ state: 'failed' }]])
    const { runs, notes } = await data(repository.root, 'task', 'show', '1')
    expect(runs).toHaveLength(3)
    expect(notes[0].text).toMatch(/^The system refused: .*runs/)
  })

  it('refuses an agent that is nowhere before anything starts, unless the set-up may bring it', async () => {
    using repository = makeRepository()
    const { root } = repository
    const said = await worklane(root, 'run', 'one', '--command', 'nosuchagent -p')
    expect([said.code, said.err]).toEqual([
      2,
      expect.stringContaining('There is no program nosuchagent on your PATH.\n  Install it'),
    ])
    expect((await data(root, 'task', 'list')).tasks).toEqual([])
    expect((await worklane(root, 'run', 'one', '--command', 'nosuchagent || echo x > x')).code).toBe(0)
    repository.write('worklane.yaml', 'lanes:\n  setup: "true"\n')
    expect((await worklane(root, 'run', 'two', '--command', 'nosuchagent -p')).code).toBe(1)
  })

  it('takes no other file for a task file: alone it is refused, among words its name is a word', async () => {
    using repository = makeRepository({ Makefile: 'all:\n\tcc x.c\nclean:\n', 'TASKS.TXT': 'three\n' })
    const { root } = repository
    const said = await worklane(root, 'run', 'Makefile', '--command', 'true')
    expect([said.code, said.err]).toEqual([
      2,
      expect.stringMatching(
        /^worklane: Makefile is a file, but no task file\.\n {2}A task file ends in \.md/,
      ),
    ])
    await worklane(root, 'run', 'Makefile', 'two', 'TASKS.TXT', '--command', 'echo x > $WORKLANE_TASK')
    const { tasks } = await data(root, 'task', 'list')
    expect(tasks.map(({ subject }: { subject: string }) => subject)).toEqual(['Makefile', 'two', 'three'])
  })

  it('says of a task whose agent is nowhere how to give it another, and what a new command is not for', async () => {
    using repository = makeRepository()
    const { root } = repository
    const file = join(root, '../tasks.json')
    const tasks = [{ subject: 'one', command: 'nosuchagent' }, { subject: 'two' }]
    writeFileSync(file, JSON.stringify(tasks))
    const said = await worklane(root, 'run', file, '--command', 'echo x > x')
    expect(said.out).toMatch(/There is no program nosuchagent on your PATH: install it, or give another/)
    expect(said.out).toContain('→ worklane task edit 1 --command "…"; then worklane run\n')
    for (const what of [[file], []])
      expect((await worklane(root, 'run', ...what, '--command', 'true')).out).toContain(
        '--command is for tasks without one; #1 keep their own; change it with: worklane task edit 1',
      )
    const failed = await worklane(root, 'run')
    expect(failed.out).toContain('→ worklane task retry 1; then worklane task edit 1 --command "…"; then')
    await data(root, 'task', 'retry', '1')
    await data(root, 'task', 'edit', '1', '--command', 'echo y > y')
    expect((await worklane(root, 'run')).code).toBe(0)
  })

  it('reports what failed, keeps its lane, and says how to go on', async () => {
    using repository = makeRepository()
    const { code, summary } = await run(repository, {
      'Never commits': { key: 'never', script: 'say I am done\nexit 0' },
      'Waits for it': { after: ['never'], script: 'write never.txt 1' },
      Hangs: { timeLimit: '1s', attempts: 1, script: 'write half.txt half\nsleep 60000' },
    })
    expect(code).toBe(1)
    expect(summary.unfinished).toMatchObject([
      { id: 1, state: 'failed', reason: expect.stringContaining('without a commit') },
      { id: 2, state: 'pending', reason: expect.stringContaining('task 1') },
      { id: 3, state: 'failed', reason: expect.stringContaining('time limit') },
    ])
    const { lanes } = await data(repository.root, 'lane', 'list')
    expect(lanes.map(({ task }: { task: number }) => task)).toEqual([1, 3])
    expect(contentOf(lanes[1].path, 'half.txt')).toBe('half\n')
  })

  it('waits for a review, and sends a rejected task back with the note', async () => {
    using repository = makeRepository()
    const script = 'first: write r.txt 1\nfirst: commit one\non review: write r.txt 2\non review: commit two'
    const first = await run(repository, { Reviewed: script }, '--review')
    expect(first.summary.unfinished).toMatchObject([
      { id: 1, state: 'completed', reason: 'waits for a review' },
    ])
    await data(repository.root, 'reject', '1', '--note', 'say two')
    const said = await worklane(repository.root, 'run', '--command', AGENT, '--json')
    expect(said.code).toBe(1)
    await data(repository.root, 'approve', '1')
    expect((await data(repository.root, 'land')).landed).toHaveLength(1)
    expect(contentOf(repository.root, 'r.txt')).toBe('2\n')
  })

  it('reverts a landed task through the same queue', async () => {
    using repository = makeRepository({ 'a.txt': 'one\n' })
    await run(repository, { 'Change it': 'write a.txt two\ncommit two' })
    expect(contentOf(repository.root, 'a.txt')).toBe('two\n')
    expect(await data(repository.root, 'revert', '1')).toMatchObject({ id: 2, reverts: 1 })
    expect((await data(repository.root, 'land', '--verify', 'grep -q one a.txt')).landed).toMatchObject([
      { task: 2, verified: true },
    ])
    expect(contentOf(repository.root, 'a.txt')).toBe('one\n')
  })

  it.each(['squash', 'rebase'])('lands in %s style', async (style) => {
    using repository = makeRepository({
      'a.txt': '1\n2\n3\n4\n5\n',
      'worklane.yaml': `landing:\n  style: ${style}\n`,
    })
    const { summary } = await run(repository, {
      One: 'sh sed -i s/1/one/ a.txt\ncommit first\nwrite b.txt b\ncommit second',
      Two: 'sh sed -i s/5/five/ a.txt\ncommit third',
    })
    expect(summary.landed).toEqual([1, 2])
    expect(contentOf(repository.root, 'a.txt')).toBe('one\n2\n3\n4\nfive\n')
    expect(repository.git('rev-list', '--merges', '--count', 'main')).toBe('0')
    expect(repository.git('rev-list', '--count', 'main')).toBe(style === 'squash' ? '3' : '4')
    expectTidy(repository)
  })

  it('stops cleanly on a signal, loses nothing, and goes on', async () => {
    using repository = makeRepository()
    const { root } = repository
    const file = taskFile(repository, {
      Slow: 'first: write half.txt half\nfirst: sh (setsid sleep 300 &)\nsleep 1500\nwrite done.txt 1\ncommit all',
    })
    const engine = background(root, 'run', file, '--command', `MARK=${root} ${AGENT}`, '--json')
    const lane = join(root, '.worktrees/task-1')
    await until('the agent has begun', () => existsSync(join(lane, 'half.txt')))
    engine.kill('SIGINT')
    await until('the engine has ended', () => engine.exitCode !== null)
    expect(engine.exitCode).toBe(130)
    expect(processesWith(`MARK=${root}`)).toEqual([])
    expect(await data(root, 'task', 'show', '1')).toMatchObject({
      state: 'pending',
      failures: 0,
      lease: null,
    })
    expect(contentOf(lane, 'half.txt')).toBe('half\n')
    expect((await worklane(root, 'run', '--command', AGENT)).code).toBe(0)
    expect(contentOf(root, 'half.txt')).toBe('half\n')
    expectTidy(repository)
  })

  it('settles what a killed engine left: processes, lease, lane', async () => {
    using repository = makeRepository()
    const { root } = repository
    const file = taskFile(repository, {
      Slow: 'write half.txt half\nsh test -f again || { touch again; (setsid sleep 300 &); sleep 300; }\nwrite done.txt 1\ncommit all',
    })
    const engine = background(root, 'run', file, '--command', `MARK=${root} ${AGENT}`, '--json')
    await until('the agent has begun', () => existsSync(join(root, '.worktrees/task-1/again')))
    process.kill(-(engine.pid ?? 0), 'SIGKILL')
    await until('the engine is gone', () => engine.signalCode !== null)
    expect((await data(root, 'doctor')).findings.map(({ code }: { code: string }) => code)).toEqual(
      expect.arrayContaining(['task', 'engine-gone']),
    )
    expect((await data(root, 'doctor', '--fix')).findings).toEqual([])
    expect(processesWith(`MARK=${root}`)).toEqual([])
    expect(await data(root, 'task', 'show', '1')).toMatchObject({ state: 'pending', failures: 0 })
    expect((await worklane(root, 'run', '--command', AGENT)).code).toBe(0)
    expect(contentOf(root, 'done.txt')).toBe('1\n')
    expectTidy(repository)
  })

  it('cancels a task at work: worker stopped, lane archived', async () => {
    using repository = makeRepository()
    const { root } = repository
    const file = taskFile(repository, { Slow: 'write half.txt half\nsleep 60000' })
    const engine = background(root, 'run', file, '--command', AGENT, '--json')
    await until('the agent has begun', () => existsSync(join(root, '.worktrees/task-1/half.txt')))
    await data(root, 'task', 'cancel', '1')
    await until('the engine has ended', () => engine.exitCode !== null)
    expectTidy(repository)
    expect(contentOf((await data(root, 'lane', 'restore', '1')).path, 'half.txt')).toBe('half\n')
  })
})

/** Processes whose environment holds the entry. */
function processesWith(entry: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(entry)
    } catch {
      return false
    }
  })
}
