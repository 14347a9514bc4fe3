import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { background, data, type Said, until, WORKLANE, worklane } from '../fixtures/cli.ts'
import { makeRepository, temporaryDirectory } from '../fixtures/repository.ts'

it('is shown loudly while an agent works', async () => {
  using repository = makeRepository()
  const { root } = repository
  const engine = background(
    root,
    'run',
    'one',
    '--sandbox',
    'none',
    '--command',
    'touch x; until [ -e go ]; do sleep 0.05; done',
  )
  await until('the agent works', () => existsSync(join(root, '.worktrees/task-1/x')))
  expect((await worklane(root, 'status')).out).toMatch(
    /^Sandbox {2}NONE: an agent is at work that can change anything that you can$/m,
  )
  expect((await worklane(root, 'lane', 'list')).out).toContain('agent at work, NO WALLS')
  expect((await data(root, 'status')).sandbox).toMatchObject({ mode: 'none', open: 1 })
  const agent = await saidOf(root, 'task list', 'task show 1', 'lane show 1', 'radar', 'doctor', 'logs 1')
  for (const [view, said] of agent) expect([view, said]).toEqual([view, expect.stringContaining('NO WALLS')])
  for (const view of [
    'landing list',
    'lane diff 1',
    'lane path 1',
    'events',
    'shell 1 -- pwd',
    'lane list --json',
  ]) {
    const { err } = await worklane(root, ...view.split(' '))
    expect([view, err]).toEqual([
      view,
      'NO WALLS: the agent at work on task 1 can read and change anything that you can.\n',
    ])
  }
  for (const view of ['status', 'radar', 'doctor', 'radar --json'])
    expect([view, (await worklane(root, ...view.split(' '))).err]).toEqual([view, ''])
  expect((await data(root, 'landing', 'list')).open).toEqual([1])
  writeFileSync(join(root, '.worktrees/task-1/go'), '')
  await until('it has ended', () => engine.exitCode !== null)
  expect((await worklane(root, 'lane', 'list')).out).not.toContain('NO WALLS')
  expect((await worklane(root, 'task', 'show', '1')).out).toMatch(/^Attempt 1 completed, no walls: /m)
  await data(root, 'task', 'add', 'two')
  expect((await worklane(root, 'claim', '--as', 'ann')).err).toMatch(/^NO WALLS \(sandbox none\)/)
  expect((await worklane(root, 'radar')).out).toMatch(/^NO WALLS/)
  expect((await worklane(root, 'doctor')).out).toMatch(/none\. Agents.*Everything else is as it should be/s)
})

/** All that each says, on both streams. */
async function saidOf(root: string, ...views: readonly string[]): Promise<[string, string][]> {
  return await Promise.all(
    views.map(async (view): Promise<[string, string]> => {
      const { out, err } = await worklane(root, ...view.split(' '))
      return [view, out + err]
    }),
  )
}

it('is remarked upon by doctor where the settings say so, and is no finding', async () => {
  using repository = makeRepository({ 'worklane.yaml': 'sandbox:\n  mode: none\n' })
  const doctor = await worklane(repository.root, 'doctor')
  expect(doctor.out).toMatch(/^· The settings say sandbox\.mode: none\./)
  expect(doctor).toMatchObject({ code: 0 })
})

type Ask = (sandbox: 'walls' | 'none', ...args: readonly string[]) => Promise<Said>

/** Runs Worklane where bubblewrap is there and cannot build walls. */
function withoutWalls(root: string): Ask {
  const bin = temporaryDirectory()
  const script = '#!/bin/sh\necho "bwrap: setting up uid map: Permission denied" >&2; exit 1\n'
  writeFileSync(join(bin, 'bwrap'), script, { mode: 0o755 })
  return askingWith(`${bin}:${process.env.PATH ?? ''}`, root)
}

function askingWith(path: string, root: string): Ask {
  return async (sandbox, ...args) =>
    await new Promise((resolve) => {
      const env = { ...process.env, WORKLANE_SANDBOX: sandbox, PATH: path }
      execFile(WORKLANE, [...args], { cwd: root, env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
      )
    })
}

it('is a finding with its remedy where walls are wanted and cannot be built', async () => {
  using repository = makeRepository()
  const ask = withoutWalls(repository.root)
  const doctor = await ask('walls', 'doctor')
  expect(doctor.out).toMatch(/^! bubblewrap cannot build walls here: .*uid map/m)
  expect(doctor.out).toMatch(/Fix: Allow user namespaces/)
  expect(doctor.code).toBe(1)
  const test = await ask('walls', 'sandbox', 'test')
  expect(test.err).toMatch(/^worklane: bubblewrap cannot build walls here: .*\n {2}Allow user namespaces/)
  expect(test.code).toBe(1)
})

it('is said by status, which starts nothing to find out', async () => {
  using repository = makeRepository()
  const ask = askingWith(dirname(process.execPath), repository.root)
  const line = /^Sandbox {2}bubblewrap is not installed. No agent is started; see: worklane doctor$/m
  expect((await ask('walls', 'status')).out).toMatch(line)
  expect((await ask('none', 'status')).out).not.toMatch(line)
})

it('never begins by itself where walls cannot be built: nothing of a lane runs', async () => {
  const proof = join(temporaryDirectory(), 'ran')
  using repository = makeRepository({
    'worklane.yaml': `lanes:\n  setup: echo set up >> ${proof}\nchecks:\n  - echo checked >> ${proof}\n`,
  })
  const ask = withoutWalls(repository.root)
  for (const subject of ['one', 'two', 'three']) await ask('none', 'task', 'add', subject)
  await ask('none', 'claim', '1', '--as', 'me')
  await ask('none', 'claim', '2', '--as', 'me')
  await ask('none', 'lane', 'remove', '2')
  expect(readFileSync(proof, 'utf8')).toBe('set up\nset up\n')
  for (const words of [
    ['claim', '3', '--as', 'me'],
    ['complete', '1', '--epoch', '1'],
    ['shell', '1', '--', 'sh', '-c', `echo shell >> ${proof}`],
    ['lane', 'restore', '2'],
    ['run', 'four', '--command', `echo agent >> ${proof}`],
  ]) {
    const said = await ask('walls', ...words)
    expect({ words, ...said }).toMatchObject({ code: 1, err: expect.stringMatching(/Allow user namespaces/) })
  }
  expect(readFileSync(proof, 'utf8')).toBe('set up\nset up\n')
  expect((await data(repository.root, 'task', 'show', '3')).state).toBe('pending')
})

it('names of the settings that lead nowhere are findings', async () => {
  using repository = makeRepository()
  const { root } = repository
  repository.write('worklane.yaml', 'sandbox: { read: [/no/such], write: ["~/no-cache"], home: [.no-rc] }\n')
  process.env.WORKLANE_SANDBOX = 'walls'
  const { findings } = await data(root, 'doctor').finally(() => {
    process.env.WORKLANE_SANDBOX = 'none'
  })
  const missing = findings.filter(({ code }: { code: string }) => code === 'sandbox-path-missing')
  expect(missing.map(({ what }: { what: string }) => what)).toEqual([
    'There is no /no/such, which sandbox.read names.',
    'There is no ~/no-cache, which sandbox.write names.',
    'There is no .no-rc, which sandbox.home names.',
  ])
})
