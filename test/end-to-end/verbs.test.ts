import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { background, contentOf, data, refused, until, WORKLANE, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit, temporaryDirectory } from '../fixtures/repository.ts'

describe('up, wait and stop', () => {
  it('works on what is added while it runs, one engine at a time, and stops on request', async () => {
    using repository = makeRepository()
    const { root } = repository
    const engine = background(root, 'up', '--command', 'echo $WORKLANE_TASK > t$WORKLANE_TASK', '--json')
    await until('the engine runs', async () => (await data(root, 'status')).engine !== null)
    expect(await refused(root, 'run', 'another', '--command', 'true')).toEqual(['engine-running', 1])
    await data(root, 'task', 'add', 'one')
    await data(root, 'task', 'add', 'two', '--after', '1')
    expect((await data(root, 'wait', '--timeout', '30s')).tasks).toEqual([
      { id: 1, state: 'landed' },
      { id: 2, state: 'landed' },
    ])
    await data(root, 'stop')
    await until('it has ended', () => engine.exitCode !== null)
    expect([engine.exitCode, contentOf(root, 't2')]).toEqual([0, '2\n'])
    expect(await refused(root, 'stop')).toEqual(['no-engine', 1])
  })

  it('waits without an engine, and says so at once and again when one was killed', async () => {
    using repository = makeRepository()
    const { root } = repository
    await data(root, 'task', 'add', 'one')
    const waiting = spawn(WORKLANE, ['wait', '1', '--json'], {
      cwd: root,
      env: { ...process.env, WORKLANE_SANDBOX: 'walls' },
    })
    let said = ''
    waiting.stderr.on('data', (text) => {
      said += text
    })
    const alone = (state: string): string =>
      `Waiting for task 1 (${state}). No engine is at work; start one with: worklane up\n`
    await until('it says so', () => said !== '')
    expect(said).toBe(alone('pending'))
    const engine = background(root, 'up', '--command', `touch "${root}/.git/works"; sleep 600`, '--json')
    await until('an agent works', () => existsSync(join(root, '.git/works')))
    process.kill(engine.pid ?? 0, 'SIGKILL')
    await until('it says more', () => said.split('\n').length > 2)
    expect(said).toBe(alone('pending') + alone('in progress'))
    await data(root, 'task', 'cancel', '1')
    await until('it has ended', () => waiting.exitCode !== null)
    expect(waiting.exitCode).toBe(0)
  })

  it('takes a task over whose holder went silent, in a fresh directory', async () => {
    using repository = makeRepository()
    const { root } = repository
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann', '--lease', '1s')
    writeFileSync(join(lane.path, 'draft'), 'half\n')
    await until('the lease is over', async () => (await data(root, 'doctor')).findings.length > 0)
    expect(
      (
        await worklane(
          root,
          'run',
          '--command',
          'test "$PWD" != "$OLD" && echo more >> draft'.replace('$OLD', lane.path),
        )
      ).code,
    ).toBe(0)
    expect(contentOf(root, 'draft')).toBe('half\nmore\n')
    expect(await refused(root, 'complete', '1', '--epoch', '1')).toEqual(['stale-lease', 1])
  })

  it('stops the attempt at one task', async () => {
    using repository = makeRepository()
    const { root } = repository
    const engine = background(root, 'run', 'one', '--command', 'echo half > half; sleep 300', '--json')
    await until('the agent works', () => existsSync(join(root, '.worktrees/task-1/half')))
    await data(root, 'task', 'cancel', '1')
    await until('it has ended', () => engine.exitCode !== null)
    expect((await data(root, 'lane', 'list')).lanes).toEqual([])
  })
})

describe('uninstall and use again', () => {
  it('leaves archives that a later Worklane, which counts from one again, does not touch', async () => {
    using repository = makeRepository()
    const { root, git } = repository
    const archives = (): string =>
      git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/worklane/archive')
    const workAndRemove = async (subject: string): Promise<void> => {
      await data(root, 'task', 'add', subject)
      const { lane } = await data(root, 'claim', '--as', 'ann')
      plainGit(lane.path, 'commit', '-q', '--allow-empty', '-m', subject)
      await data(root, 'lane', 'remove', '1')
    }
    await workAndRemove('old')
    await data(root, 'uninstall')
    const before = archives().split('\n')
    await workAndRemove('new')
    expect(archives().split('\n')).toEqual(expect.arrayContaining(before))
    expect(archives().split('\n').length).toBeGreaterThan(before.length)
    await data(root, 'lane', 'restore', '1')
    expect(git('log', '-1', '--format=%s', 'task/1-new')).toBe('new')
  })
})

describe('events', () => {
  it('resumes without a gap', async () => {
    using repository = makeRepository()
    const { root } = repository
    await data(root, 'task', 'add', 'one')
    const follower = spawn(WORKLANE, ['events', '--after', '0', '--follow', '--json'], { cwd: root })
    let heard = ''
    follower.stdout.on('data', (chunk) => {
      heard += chunk
    })
    await until('the first event is told', () => heard.includes('task.added'))
    await data(root, 'task', 'add', 'two')
    await until('the second is told', () => heard.trim().split('\n').length === 2)
    follower.kill('SIGINT')
    await until('it has ended', () => follower.exitCode !== null)
    const events = heard
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map(({ seq, type, subject }) => [seq, type, subject])).toEqual([
      [1, 'task.added', 'task/1'],
      [2, 'task.added', 'task/2'],
    ])
    const after = await worklane(root, 'events', '--after', '1', '--json')
    expect(
      after.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seq),
    ).toEqual([2])
  })
})

describe('tasks', () => {
  it('show what they touch', async () => {
    using repository = makeRepository()
    const { root } = repository
    await data(root, 'task', 'add', 'one', '--touches', 'src', '--touches', 'docs/**')
    expect((await worklane(root, 'task', 'show', '1')).out).toContain('\nTouches   src, docs/**\n')
    expect(await refused(root, 'task', 'add', 'two', '--touches', '[a')).toEqual(['usage', 2])
  })
})

describe('lanes', () => {
  it('diff shows untracked work and changes nothing', async () => {
    using repository = makeRepository({ 'a.txt': 'one\n', '.gitignore': '.env\n' })
    const { root, git } = repository
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    appendFileSync(join(lane.path, 'a.txt'), 'two\n')
    writeFileSync(join(lane.path, 'new.txt'), 'a secret line\n')
    writeFileSync(join(lane.path, '.env'), 'ignored\n')
    const status = plainGit(lane.path, 'status', '--porcelain')
    const { out } = await worklane(root, 'lane', 'diff', '1')
    expect(out).toContain('+two')
    expect(out).toContain('+a secret line')
    expect(out).not.toContain('.env')
    expect(plainGit(lane.path, 'status', '--porcelain')).toBe(status)
    const blobs = git('cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)')
    const objects = blobs
      .split('\n')
      .filter((line) => line.endsWith('blob'))
      .map((line) => git('cat-file', '-p', line.split(' ')[0] ?? ''))
    expect(objects.join()).not.toContain('a secret line')
  })

  it('says what of the main checkout is not in a lane', async () => {
    using repository = makeRepository({ 'a.txt': 'one\n' })
    const { root, write } = repository
    write('a.txt', 'changed\n')
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    expect(lane.warnings).toEqual([expect.stringContaining('a.txt')])
    expect(contentOf(lane.path, 'a.txt')).toBe('one\n')
  })

  it('keeps a lane after landing when asked to, until it is no longer', async () => {
    using repository = makeRepository()
    const { root } = repository
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    writeFileSync(join(lane.path, 'x'), 'x')
    await data(root, 'lane', 'keep', '1')
    await data(root, 'complete', '1', '--epoch', '1')
    await data(root, 'land')
    expect(existsSync(lane.path)).toBe(true)
    expect((await worklane(root, 'prune')).out).toMatch(
      /^Nothing to prune; 1 lane left\.\nKept though finished: #1\. .*lane keep 1 --off, .*lane remove 1\n$/,
    )
    await data(root, 'lane', 'keep', '1', '--off')
    expect((await data(root, 'prune')).removed).toHaveLength(1)
    expect(existsSync(lane.path)).toBe(false)
  })

  it('removes what a person deleted by hand, and takes it up again', async () => {
    using repository = makeRepository({ 'a.txt': 'one\n' })
    const { root, git } = repository
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    plainGit(lane.path, 'commit', '-q', '--allow-empty', '-m', 'precious')
    const tip = plainGit(lane.path, 'rev-parse', 'HEAD')
    rmSync(lane.path, { recursive: true })
    expect((await data(root, 'doctor')).findings).toMatchObject([{ code: 'lane-missing' }])
    await data(root, 'lane', 'remove', '1')
    git('gc', '-q', '--prune=now')
    expect(git('cat-file', '-t', tip)).toBe('commit')
    expect(git('worktree', 'list').split('\n')).toHaveLength(1)
    expect(plainGit((await data(root, 'lane', 'restore', '1')).path, 'rev-parse', 'HEAD')).toBe(tip)
  })
})

describe('doctor', () => {
  it('points out a base that is behind its upstream', async () => {
    using upstream = makeRepository()
    const root = join(temporaryDirectory(), 'clone')
    plainGit('/', 'clone', '-q', upstream.root, root)
    upstream.commit('newer')
    plainGit(root, 'fetch', '-q')
    expect((await data(root, 'doctor')).findings).toMatchObject([
      { code: 'base-behind', what: 'main is 1 behind origin/main.' },
    ])
    const said = await worklane(root, 'run', 'one', '--command', 'echo x > x')
    expect(said.out).toContain('main is 1 commit behind origin/main')
  })
})

describe('the entry in info/exclude', () => {
  it('is written once by lanes that are made at once, and taken out wherever lanes were', async () => {
    using repository = makeRepository()
    const { root } = repository
    const exclude = join(root, '.git/info/exclude')
    const before = contentOf(exclude)
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) await data(root, 'task', 'add', name)
    await Promise.all(names.map(async (name) => await data(root, 'claim', '--as', name)))
    expect(contentOf(exclude)).toBe(`${before}# Lanes of worklane\n/.worktrees/\n`)
    writeFileSync(exclude, before ?? '')
    repository.write('worklane.yaml', 'lanes:\n  directory: .lanes\n')
    await worklane(root, 'run', 'e', 'f', 'g', 'h', '--jobs', '4', '--command', 'true')
    expect(contentOf(exclude)).toBe(`${before}# Lanes of worklane\n/.lanes/\n`)
    appendFileSync(exclude, '# mine\n# Lanes of worklane\n/.worktrees/\n/mine/\n')
    await data(root, 'uninstall')
    expect(contentOf(exclude)).toBe(`${before}# mine\n/mine/\n`)
  })
})

describe('uninstall', () => {
  it('leaves nothing behind that is not archived', async () => {
    using repository = makeRepository()
    const { root, git } = repository
    const before = [readdirSync(root), readdirSync(join(root, '.git')), contentOf(root, '.git/info/exclude')]
    await data(root, 'task', 'add', 'one')
    await data(root, 'task', 'cancel', '1')
    await data(root, 'uninstall')
    expect([
      readdirSync(root),
      readdirSync(join(root, '.git')),
      contentOf(root, '.git/info/exclude'),
    ]).toEqual(before)
    await data(root, 'task', 'add', 'two')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    writeFileSync(join(lane.path, 'work.txt'), 'work\n')
    const { archives, kept } = await data(root, 'uninstall')
    expect([archives, existsSync(lane.path), existsSync(join(kept, 'ledger.db'))]).toEqual([1, false, true])
    expect(git('status', '--porcelain')).toBe('')
    expect(git('worktree', 'list').split('\n')).toHaveLength(1)
    expect(git('branch', '--format=%(refname:short)')).toBe('main')
  })
})

describe('run again', () => {
  it('the same file goes on with what is on the board, with the command and verify of before', async () => {
    using repository = makeRepository()
    const { root } = repository
    const file = join(root, '../tasks.txt')
    writeFileSync(file, 'one\ntwo\n')
    await worklane(
      root,
      'run',
      file,
      '--command',
      'echo x > $WORKLANE_TASK',
      '--verify',
      'test ! -f 2',
      '--json',
    )
    expect((await data(root, 'status')).tasks).toMatchObject({ landed: 1, failed: 1 })
    await data(root, 'task', 'retry', '2')
    expect((await worklane(root, 'run', file)).code).toBe(1)
    expect((await data(root, 'task', 'list')).tasks).toHaveLength(2)
    expect((await data(root, 'task', 'show', '2')).failures).toBe(3)
  })

  it('stop ID leaves the task alone for as long as the engine runs', async () => {
    using repository = makeRepository()
    const { root } = repository
    const engine = background(root, 'run', 'one', '--command', 'echo x >> ../../starts; sleep 300')
    await until('the agent works', () => existsSync(join(root, 'starts')))
    await data(root, 'stop', '1')
    await until('it has ended', () => engine.exitCode !== null)
    expect([contentOf(root, 'starts'), (await data(root, 'task', 'show', '1')).state]).toEqual([
      'x\n',
      'pending',
    ])
  })

  it('winds up when the terminal is closed or the reader goes', async () => {
    using repository = makeRepository()
    const { root } = repository
    const engine = background(root, 'run', 'one', '--command', 'touch begun; sleep 300')
    await until('the agent works', () => existsSync(join(root, '.worktrees/task-1/begun')))
    engine.kill('SIGHUP')
    await until('it has ended', () => engine.exitCode !== null)
    expect((await data(root, 'doctor')).findings).toEqual([])
    expect((await data(root, 'task', 'show', '1')).state).toBe('pending')
  })
})

it('a task that never had a lane is cancelled without a word of one', async () => {
  using repository = makeRepository()
  const { root } = repository
  await data(root, 'task', 'add', 'one')
  expect((await worklane(root, 'task', 'cancel', '1')).out).toBe('Task 1 is cancelled.\n')
  await data(root, 'task', 'add', 'two')
  await data(root, 'claim', '2', '--as', 'ann')
  expect((await worklane(root, 'task', 'cancel', '2')).out).toContain('worklane lane restore 2')
})

it('a cancelled task says that a restored lane stays, and prune leaves lanes of open tasks unmentioned', async () => {
  using repository = makeRepository()
  const { root } = repository
  await data(root, 'task', 'add', 'one')
  const { lane } = await data(root, 'claim', '--as', 'ann')
  await data(root, 'lane', 'remove', '1')
  await data(root, 'lane', 'restore', '1')
  expect((await worklane(root, 'prune')).out).toBe('Nothing to prune; 1 lane left.\n')
  const { out } = await worklane(root, 'task', 'cancel', '1')
  expect(out).toMatch(/^Task 1 is cancelled\. Its lane stays, because it is kept; .*lane remove 1\n$/)
  expect(existsSync(lane.path)).toBe(true)
})

it('a failed task that nobody wants any more is cancelled, and the board is done again', async () => {
  using repository = makeRepository()
  const { root } = repository
  await data(root, 'task', 'add', 'one', '--attempts', '1')
  expect((await worklane(root, 'run', '--command', 'echo half > half; false')).code).toBe(1)
  const again = await worklane(root, 'run', '--command', 'true')
  expect([again.code, again.out]).toEqual([1, expect.stringContaining('or worklane task cancel 1\n')])
  await data(root, 'task', 'cancel', '1')
  expect((await data(root, 'lane', 'list')).lanes).toEqual([])
  expect((await worklane(root, 'run', '--command', 'true')).code).toBe(0)
  const { path } = await data(root, 'lane', 'restore', '1')
  expect(contentOf(path, 'half')).toBe('half\n')
})

it('several tasks are cancelled at once, all or none', async () => {
  using repository = makeRepository()
  const { root } = repository
  for (const subject of ['one', 'two']) await data(root, 'task', 'add', subject)
  expect(await refused(root, 'task', 'cancel', '1', '3')).toEqual(['no-such-task', 1])
  expect((await data(root, 'task', 'show', '1')).state).toBe('pending')
  const { out } = await worklane(root, 'task', 'cancel', '#2', '1', '1')
  expect(out).toBe('Task 2 is cancelled.\nTask 1 is cancelled.\n')
  expect((await worklane(root, 'task', 'cancel')).err).toMatch(/^worklane: ID is missing\./)
})

describe('a worklane.yaml that cannot be used', () => {
  it('stops what acts, is a finding, and lets what reads go on with the defaults', async () => {
    using repository = makeRepository()
    const { root } = repository
    await data(root, 'task', 'add', 'one')
    repository.write('worklane.yaml', 'landing:\n  verifi: npm test\n')
    const sentence = 'worklane.yaml:2: "landing.verifi" is not known here.'
    for (const words of ['status', 'events', 'task show 1', 'task list', 'lane list', 'landing list']) {
      const { code, err } = await worklane(root, ...words.split(' '))
      expect([words, code, err]).toEqual([words, 0, expect.stringContaining(sentence)])
    }
    expect(await refused(root, 'logs', '1')).toEqual(['no-output', 1])
    const doctor = await worklane(root, 'doctor')
    expect([doctor.code, doctor.out]).toEqual([1, expect.stringContaining(`! ${sentence}`)])
    expect(doctor.err).toBe('')
    for (const words of ['doctor --fix', 'doctor --accept', 'task add two', 'land', 'claim --as ann'])
      expect([words, await refused(root, ...words.split(' '))]).toEqual([words, ['usage', 2]])
  })
})
