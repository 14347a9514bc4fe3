import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { background, contentOf, data, refused, until, WORKLANE, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'

describe('one holder at a time', () => {
  it('never commits on a branch that is not the lane’s, whatever the agent checked out', async () => {
    using repository = makeRepository({ 'a.txt': 'one\n' })
    const { root, git } = repository
    git('checkout', '-q', '-b', 'dev')
    writeFileSync(join(root, 'worklane.yaml'), 'base: main\nagents:\n  attempts: 1\n')
    const before = git('rev-parse', 'main')
    await worklane(
      root,
      'run',
      'one',
      '--command',
      'git checkout -q main && echo evil > a.txt',
      '--verify',
      'false',
    )
    expect(git('rev-parse', 'main')).toBe(before)
    const { lanes } = await data(root, 'lane', 'list')
    expect(plainGit(lanes[0].path, 'show', 'HEAD:a.txt')).toBe('evil')
  })

  it('refuses a claim while a cancelled agent is still being stopped', async () => {
    using repository = makeRepository()
    const { root } = repository
    const stubborn = `trap '' TERM; echo x > begun; sleep 2; echo y > late`
    const engine = background(root, 'run', 'one', '--command', stubborn, '--json')
    await until('the agent works', () => existsSync(join(root, '.worktrees/task-1/begun')))
    await data(root, 'task', 'cancel', '1')
    await data(root, 'task', 'retry', '1')
    expect(await refused(root, 'claim', '1', '--as', 'ann')).toEqual(['still-stopping', 1])
    await until('it has ended', () => engine.exitCode !== null)
  })

  it('answers a claim that was cancelled meanwhile with a refusal, and leaves no lane', async () => {
    using repository = makeRepository()
    const { root, write } = repository
    write('worklane.yaml', 'lanes:\n  setup: touch begun; sleep 1\n')
    await data(root, 'task', 'add', 'one')
    const claim = refused(root, 'claim', '1', '--as', 'ann')
    await until('the lane is being made', () => existsSync(join(root, '.worktrees/task-1/begun')))
    await data(root, 'task', 'cancel', '1')
    expect(await claim).toEqual(['stale-lease', 1])
    await data(root, 'prune')
    expect((await data(root, 'lane', 'list')).lanes).toEqual([])
  })

  it('removes a lane at once and archives it later, where an engine runs; restoring waits for that', async () => {
    using repository = makeRepository({ 'a.txt': 'one\n' })
    const { root } = repository
    for (const subject of ['one', 'two']) {
      await data(root, 'task', 'add', subject)
      const { lane } = await data(root, 'claim', '--as', 'ann')
      writeFileSync(join(lane.path, 'draft'), 'half\n')
    }
    // Without an engine nobody would archive it.
    expect((await data(root, 'lane', 'remove', '1', '--later')).state).toBe('removed')
    const engine = background(root, 'up', '--command', 'true', '--json')
    await until('the engine runs', async () => (await data(root, 'status')).engine !== null)
    const lane = join(root, '.worktrees/task-2')
    expect(await data(root, 'lane', 'remove', '2', '--later')).toMatchObject({ task: 2 })
    expect(existsSync(lane)).toBe(false)
    expect((await data(root, 'lane', 'restore', '2')).path).toBe(lane)
    expect(readFileSync(join(lane, 'draft'), 'utf8')).toBe('half\n')
    await data(root, 'stop')
    await until('it has ended', () => engine.exitCode !== null)
  })

  it('does not take the lane away from an agent that completes its own task', async () => {
    using repository = makeRepository()
    const { root } = repository
    const agent = `echo 1 > one && git add one && git commit -qm one && (${WORKLANE} complete $WORKLANE_TASK --epoch $WORKLANE_EPOCH --json > answer; true) && echo 2 > two`
    const said = await worklane(root, 'run', 'one', '--command', agent)
    expect(said.code).toBe(0)
    // Inside walls the lane's own door says it.
    expect(contentOf(root, 'answer')).toMatch(/run-at-work|not-from-a-lane/)
    expect(contentOf(root, 'two')).toBe('2\n')
  })

  it('counts an attempt whose work git cannot take in, instead of starting the agent for ever', async () => {
    using repository = makeRepository()
    const { root } = repository
    const agent = 'echo x > x; echo junk > "$(git rev-parse --git-dir)/index"'
    const said = await worklane(root, 'run', 'one', '--command', agent, '--json')
    expect(said.code).toBe(1)
    const events = (await worklane(root, 'events', '--json')).out
    expect(events.match(/"type":"run.started"/g)).toHaveLength(3)
    expect((await data(root, 'task', 'show', '1')).state).toBe('failed')
  })
})

describe('what a removed lane holds', () => {
  it('includes what a process in it writes while and after it is archived', async () => {
    using repository = makeRepository()
    const { root } = repository
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    const late = `cd '${lane.path}' && touch ready && for n in 1 2 3 4 5 6 7 8; do echo $n > late-$n; sleep 0.05; done`
    const shell = plainShell(late)
    await until('it writes', () => existsSync(join(lane.path, 'ready')))
    for (let tried = 0; tried < 20 && (await worklane(root, 'lane', 'remove', '1')).code !== 0; tried += 1);
    await shell
    const back = await data(root, 'lane', 'restore', '1')
    expect(contentOf(back.path, 'late-8') ?? contentOf(back.path, 'late-1')).not.toBeNull()
  })

  it('goes on into the next lane also when the first try to make that one fails', async () => {
    using repository = makeRepository()
    const { root, write } = repository
    await data(root, 'task', 'add', 'one')
    const { lane } = await data(root, 'claim', '--as', 'ann')
    writeFileSync(join(lane.path, 'draft'), 'half\n')
    await data(root, 'release', '1', '--force')
    write('worklane.yaml', 'lanes:\n  setup: exit 1\n')
    expect((await worklane(root, 'claim', '--as', 'bob')).code).toBe(3)
    write('worklane.yaml', 'lanes:\n  setup: touch set-up\n')
    const next = await data(root, 'claim', '--as', 'bob')
    expect([contentOf(next.lane.path, 'draft'), contentOf(next.lane.path, 'set-up')]).toEqual(['half\n', ''])
  })
})

async function plainShell(script: string): Promise<void> {
  await new Promise((done) => execFile('sh', ['-c', script], done))
}
