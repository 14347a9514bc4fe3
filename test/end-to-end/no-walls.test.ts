import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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
  expect((await data(root, 'status')).sandbox).toEqual({ mode: 'none', open: 1 })
  writeFileSync(join(root, '.worktrees/task-1/go'), '')
  await until('it has ended', () => engine.exitCode !== null)
  expect((await worklane(root, 'lane', 'list')).out).not.toContain('NO WALLS')
})

it('is remarked upon by doctor where the settings say so, and is no finding', async () => {
  using repository = makeRepository({ 'worklane.yaml': 'sandbox:\n  mode: none\n' })
  const doctor = await worklane(repository.root, 'doctor')
  expect(doctor.out).toMatch(/^· The settings say sandbox\.mode: none\./)
  expect(doctor).toMatchObject({ code: 0 })
})

it('is a finding with its remedy where walls are wanted and cannot be built', async () => {
  using repository = makeRepository()
  const bin = temporaryDirectory()
  writeFileSync(
    join(bin, 'bwrap'),
    '#!/bin/sh\necho "bwrap: setting up uid map: Permission denied" >&2; exit 1\n',
    {
      mode: 0o755,
    },
  )
  const env = { ...process.env, WORKLANE_SANDBOX: 'walls', PATH: `${bin}:${process.env.PATH ?? ''}` }
  const ask = async (...args: readonly string[]): Promise<Said> =>
    await new Promise((resolve) => {
      execFile(WORKLANE, [...args], { cwd: repository.root, env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
      )
    })
  const doctor = await ask('doctor')
  expect(doctor.out).toMatch(/^! bubblewrap cannot build walls here: .*uid map/m)
  expect(doctor.out).toMatch(/Fix: Allow user namespaces/)
  expect(doctor.code).toBe(1)
  const test = await ask('sandbox', 'test')
  expect(test.err).toMatch(/^worklane: bubblewrap cannot build walls here: .*\n {2}Allow user namespaces/)
  expect(test.code).toBe(1)
})
