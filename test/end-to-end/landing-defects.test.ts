import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { background, contentOf, data, refused, until, WORKLANE, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'

/** A task by hand, whose lane gets the files, handed in. Answers the lane's branch. */
async function completed(root: string, files: Readonly<Record<string, string>>): Promise<string> {
  const { id } = await data(root, 'task', 'add', 'some work')
  const { epoch, lane } = await data(root, 'claim', String(id), '--as', 'ann')
  for (const [name, content] of Object.entries(files)) writeFileSync(join(lane.path, name), content)
  await data(root, 'complete', String(id), '--epoch', String(epoch))
  return lane.branch
}

const filesBeside = ({ root }: TestRepository, name: string): string => join(root, '..', name)
const firstLine = (path: string): string => (contentOf(path) ?? '').split('\n')[0] ?? ''

/** Whether `path` names a process, on its first line, that is alive. A zombie is not: nobody may have collected it. */
function isAlive(path: string): boolean {
  const pid = Number(firstLine(path))
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return !/^State:\s+Z/m.test(contentOf('/proc', String(pid), 'status') ?? '')
}

describe('a landing that the machine does not let through', () => {
  it('is held after a few tries when git refuses the move for a reason that nobody sees', async () => {
    using repository = makeRepository({ '.gitattributes': '*.dat filter=big\n' })
    const { root, git } = repository
    git('config', 'filter.big.clean', 'cat')
    git('config', 'filter.big.smudge', 'cat')
    git('config', 'filter.big.required', 'true')
    await completed(root, { 'a.dat': 'a\n' })
    git('config', 'filter.big.smudge', 'false')
    const said = (await worklane(root, 'land')).out
    expect(said).toMatch(
      /#1 held, git refused to move main in .*: fatal: a.dat: smudge filter big failed\n.*: worklane land$/m,
    )
    expect(said).not.toContain('these files')
    const told = (await worklane(root, 'events', '--json')).out
    expect(told.split('landing.started')).toHaveLength(3 + 1)
    git('config', 'filter.big.smudge', 'cat')
    expect(await data(root, 'land', '1')).toMatchObject({ landed: [{ task: 1 }] })
    expect(contentOf(root, 'a.dat')).toBe('a\n')
  })

  it('is tried again when a person asks, and when a session begins', async () => {
    using repository = makeRepository()
    const { root } = repository
    writeFileSync(join(root, 'worklane.yaml'), 'landing:\n  verify: no-such-tool\n')
    await completed(root, { 'a.txt': 'a\n' })
    expect(await data(root, 'land')).toMatchObject({ held: [{ task: 1 }] })
    // What it came with is what failed: the mended settings count.
    writeFileSync(join(root, 'worklane.yaml'), 'landing:\n  verify: test -f a.txt\n')
    expect(await data(root, 'land', '1')).toMatchObject({ landed: [{ task: 1, verified: true }], held: [] })
    await completed(root, { 'b.txt': 'b\n' })
    expect(await data(root, 'land', '--verify', "no-such-tool 'x'")).toMatchObject({
      held: [{ task: 2, next: "worklane land --verify 'no-such-tool '\\''x'\\'''" }],
    })
    expect((await worklane(root, 'land', '--verify', 'no-such-tool')).out).toContain(
      'When that is mended: worklane land --verify no-such-tool\n',
    )
    await worklane(root, 'run', '--command', 'true', '--json')
    expect(contentOf(root, 'b.txt')).toBe('b\n')
  })
})

describe('a queue that is paused', () => {
  it('is said by `land` and `run`, which leave something', async () => {
    using repository = makeRepository()
    const { root } = repository
    await completed(root, { 'a.txt': 'a\n' })
    await data(root, 'landing', 'pause')
    const said = await worklane(root, 'land')
    expect(said.code).toBe(1)
    expect(said.out).toBe('… #1 queued\nThe queue is paused; go on with: worklane landing resume\n')
    expect(await data(root, 'land')).toMatchObject({ paused: true, waiting: [{ task: 1 }] })
    expect((await worklane(root, 'run', '--command', 'true')).out).toMatch(
      /waits in the landing queue, which is paused\n +→ worklane landing resume; then worklane land$/m,
    )
    await data(root, 'landing', 'resume')
    expect((await worklane(root, 'land')).code).toBe(0)
  })
})

describe('landing one task', () => {
  it('tells that the queue landed others as well', async () => {
    using repository = makeRepository()
    const { root } = repository
    for (const name of ['a', 'b', 'c']) await completed(root, { [name]: '' })
    const said = (await worklane(root, 'land', '2')).out
    expect(said).toMatch(/^✓ #2 landed on main as \w+, unverified\nAlso landed: #1 #3\n$/)
    await completed(root, { d: '' })
    await completed(root, { e: '' })
    expect(await data(root, 'land', '5')).toMatchObject({ landed: [{ task: 5 }], alsoLanded: [4] })
  })
})

describe('who waits for a verify run', () => {
  it('reads that it began and ended, and what the first Ctrl-C does', async () => {
    using repository = makeRepository()
    const { root } = repository
    const go = filesBeside(repository, 'go')
    await completed(root, { 'a.txt': 'a\n' })
    const verify = `for i in $(seq 500); do test -f '${go}' && exit 0; sleep 0.05; done; exit 1`
    const lander = spawn(WORKLANE, ['land', '--verify', verify], { cwd: root })
    const said = { out: '', err: '' }
    lander.stdout.on('data', (bytes) => (said.out += bytes))
    lander.stderr.on('data', (bytes) => (said.err += bytes))
    await until('it says that it verifies', () => /^[\d:]+ {2}verifying #1$/m.test(said.err))
    lander.kill('SIGINT')
    await until('it says what it does', () => said.err.includes('Finishing what is under way; ctrl-C again'))
    writeFileSync(go, '')
    if (lander.exitCode === null) await once(lander, 'close')
    expect(said.err).toMatch(/verify of #1 passed\n$/)
    expect(said.out).toMatch(/^✓ #1 landed on main as \w+\n$/)
  })
})

describe('a session and another process that lands', () => {
  it('does not end before what waits for that landing is done', async () => {
    using repository = makeRepository()
    const { root } = repository
    const [begun, go] = [filesBeside(repository, 'begun'), filesBeside(repository, 'go')]
    await completed(root, { 'a.txt': 'a\n' })
    const lander = background(
      root,
      'land',
      '--verify',
      `echo > '${begun}'; for i in $(seq 500); do test -f '${go}' && exit 0; sleep 0.05; done; exit 1`,
    )
    await until('the landing is verified', () => contentOf(begun) !== null)
    await data(root, 'task', 'add', 'p', '--command', 'echo p > p.txt')
    await data(root, 'task', 'add', 'q', '--command', 'test -f p.txt && echo q > q.txt', '--after', '2')
    const run = data(root, 'run')
    await until('p waits for its landing', async () => (await data(root, 'status')).tasks.completed === 2)
    writeFileSync(go, '')
    expect(await run).toMatchObject({ unfinished: [] })
    expect(contentOf(root, 'q.txt')).toBe('q\n')
    if (lander.exitCode === null) await once(lander, 'exit')
  })
})

describe('a task whose work base has already', () => {
  it('lands without a change, and cannot be reverted', async () => {
    using repository = makeRepository()
    const { root, git } = repository
    const branch = await completed(root, { 'a.txt': 'a\n' })
    git('merge', '-q', '--no-ff', '-m', 'by hand', branch)
    const mine = repository.commit('my own', { 'mine.txt': 'mine\n' })
    expect(await data(root, 'land')).toMatchObject({ landed: [{ task: 1, commit: null }] })
    const told = (await worklane(root, 'events', '--json')).out
    expect(told).not.toContain('base.moved')
    expect(told).toContain('"change":false')
    expect(await refused(root, 'revert', '1')).toEqual(['not-landed', 1])
    expect(git('rev-parse', 'main')).toBe(mine)
  })
})

describe('each commit that lands', () => {
  it.each([
    ['rebase', { rejected: [{ task: 1 }], landed: [] }],
    ['merge', { rejected: [], landed: [{ task: 1, verified: true }] }],
  ])('is verified by itself on the line of base: %s', async (style, answer) => {
    using repository = makeRepository({
      'worklane.yaml': `landing: { style: ${style}, everyCommit: true }\n`,
    })
    const { root } = repository
    await data(root, 'task', 'add', 'some work')
    const { lane } = await data(root, 'claim', '1', '--as', 'ann')
    for (const name of ['bad', 'good']) {
      writeFileSync(join(lane.path, name), '')
      if (name === 'good') rmSync(join(lane.path, 'bad'))
      plainGit(lane.path, 'add', '-A')
      plainGit(lane.path, 'commit', '-q', '-m', name)
    }
    await data(root, 'complete', '1', '--epoch', '1')
    repository.commit('mine', { mine: '' })
    expect(await data(root, 'land', '--verify', 'test ! -e bad')).toMatchObject(answer)
    if (style === 'rebase')
      expect((await worklane(root, 'task', 'show', '1')).out).toMatch(
        /In the commit .*, which would land as well/,
      )
  })
})

describe('the verify command', () => {
  it('stays with what was completed under it, until a person gives another', async () => {
    using repository = makeRepository()
    const failing = '! ls *.txt'
    const { root, git } = repository
    await worklane(root, 'run', 'x', '--command', 'echo x > x.txt', '--review', '--verify', failing, '--json')
    await worklane(root, 'run', 'y', '--command', 'echo y > y.txt', '--review', '--verify', failing, '--json')
    await data(root, 'approve', '1')
    expect(await data(root, 'land')).toMatchObject({ landed: [], rejected: [{ task: 1 }] })
    await data(root, 'approve', '2')
    expect(await data(root, 'land', '--verify', 'test -f y.txt')).toMatchObject({
      landed: [{ task: 2, verified: true }],
    })
    expect(git('ls-tree', '--name-only', 'main')).not.toContain('x.txt')
  })

  it('of a killed process is ended before the checkout is used again', async () => {
    using repository = makeRepository()
    const { root } = repository
    const [pids, again] = [filesBeside(repository, 'pids'), filesBeside(repository, 'again')]
    const command = `echo $$ >> '${pids}'; test -f '${again}' || sleep 60`
    await completed(root, { 'a.txt': 'a\n' })
    const lander = background(root, 'land', '--verify', command)
    await until('it is verified', () => firstLine(pids) !== '')
    lander.kill('SIGKILL')
    await once(lander, 'exit')
    expect(isAlive(pids)).toBe(true)
    writeFileSync(again, '')
    expect(await data(root, 'land', '--verify', command)).toMatchObject({ landed: [{ verified: true }] })
    expect(isAlive(pids)).toBe(false)
  })

  it('finds its ignored files and its set-up in a checkout that was made anew', async () => {
    using repository = makeRepository({
      'worklane.yaml': 'lanes:\n  copy: [".env"]\n  setup: mkdir -p deps && touch deps/one\n',
      '.gitignore': '.env\ndeps\n',
    })
    const { root, gitDir } = repository
    writeFileSync(join(root, '.env'), 'S=1\n')
    const verify = ['--verify', 'test -f .env && test -f deps/one'] as const
    await completed(root, { 'a.txt': 'a\n' })
    expect(await data(root, 'land', ...verify)).toMatchObject({ landed: [{ task: 1 }] })
    rmSync(join(gitDir, 'worklane', 'verify', '0'), { recursive: true })
    await completed(root, { 'b.txt': 'b\n' })
    expect(await data(root, 'land', ...verify)).toMatchObject({ landed: [{ task: 2 }], rejected: [] })
  })

  it('ends when the user asks to stop for the second time, and the work stays in the queue', async () => {
    using repository = makeRepository()
    const { root } = repository
    const pids = filesBeside(repository, 'pids')
    await completed(root, { 'a.txt': 'a\n' })
    const lander = background(root, 'land', '--verify', `echo $$ > '${pids}'; sleep 60`)
    await until('it is verified', () => firstLine(pids) !== '')
    const ended = once(lander, 'exit')
    // Two signals of one kind could arrive as one.
    lander.kill('SIGINT')
    lander.kill('SIGTERM')
    await ended
    expect(isAlive(pids)).toBe(false)
    expect((await data(root, 'status')).landings).toMatchObject([{ task: 1, state: 'queued' }])
    expect(await data(root, 'land', '--verify', 'true')).toMatchObject({ landed: [{ task: 1 }] })
  })
})
