import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { data, WORKLANE, worklane } from '../fixtures/cli.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'

interface Told {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What an engine of its own tells of the repository, and of base. */
async function engine(repository: TestRepository, ...task: readonly string[]): Promise<Told[]> {
  const { root } = repository
  const before = (await told(root)).length
  const run = await worklane(root, 'run', ...task, '--command', 'sh agent.sh')
  expect([0, 1]).toContain(run.code)
  return (await told(root)).slice(before)
}

async function told(root: string): Promise<Told[]> {
  const { out } = await worklane(root, 'events', '--json')
  const all = out
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Told)
  return all.filter(
    ({ type, data: { by } }) => type.startsWith('repository.') || (type === 'base.moved' && by === 'other'),
  )
}

const types = (events: readonly Told[]): string[] => events.map(({ type }) => type)
const codes = async (root: string, ...args: readonly string[]): Promise<string[]> =>
  (await data(root, 'doctor', ...args)).findings.map(({ code }: { code: string }) => code).sort()

function putHook({ gitDir }: TestRepository, name: string): void {
  mkdirSync(join(gitDir, 'hooks'), { recursive: true })
  writeFileSync(join(gitDir, 'hooks', name), '#!/bin/sh\nexit 0\n')
  chmodSync(join(gitDir, 'hooks', name), 0o755)
}

test('what others change is told once by the next engine, and landings tell nothing', async () => {
  using repository = makeRepository({ 'agent.sh': 'date +%N > "made-$WORKLANE_TASK"\n' })
  const { git } = repository
  expect(types(await engine(repository, 'one', 'two'))).toEqual([])
  putHook(repository, 'pre-push')
  git('config', 'core.hooksPath', '/nowhere')
  git('branch', 'hers')
  repository.commit('by hand')
  const tip = git('rev-parse', 'HEAD')
  const events = await engine(repository, 'three')
  expect(types(events).sort()).toEqual([
    'base.moved',
    'repository.config_changed',
    'repository.hooks_changed',
    'repository.refs_changed',
  ])
  const of = (type: string) => events.find((event) => event.type === type)?.data
  expect(of('base.moved')).toMatchObject({ to: tip, by: 'other' })
  expect(of('repository.config_changed')).toEqual({
    added: ['core.hookspath'],
    changed: [],
    removed: [],
    values: [{ name: 'core.hookspath', from: null, to: '/nowhere' }],
  })
  expect(of('repository.refs_changed')).toMatchObject({ appeared: [{ ref: 'refs/heads/hers' }] })
  // The landing of "three" moved base, and its lane's branch came and went.
  expect(types(await engine(repository))).toEqual([])
  git('branch', '-D', 'hers')
  expect(types(await engine(repository, 'four'))).toEqual(['repository.refs_changed'])
})

test('a change while the engine works is told by it', async () => {
  using repository = makeRepository({
    'agent.sh': `git config core.sshCommand /tmp/evil; git branch foreign; echo 1 > made
      until "${WORKLANE}" events --json | grep -q repository.refs_changed; do sleep 0.1; done\n`,
  })
  expect(types(await engine(repository, 'one')).sort()).toEqual([
    'repository.config_changed',
    'repository.refs_changed',
  ])
})

test('doctor names what can run programs until a person undoes or accepts it', async () => {
  using repository = makeRepository({ 'agent.sh': 'date +%N > made\n' })
  const { root, git, gitDir } = repository
  await engine(repository, 'one')
  git('config', 'user.nickname', 'harmless')
  git('branch', 'hers')
  expect(await codes(root)).toEqual([])
  putHook(repository, 'pre-commit')
  git('config', 'core.hooksPath', '.husky')
  git('config', 'filter.x.clean', 'evil')
  writeFileSync(join(gitDir, 'info/attributes'), '* filter=x\n')
  const all = ['attributes-changed', 'config-changed', 'hooks-changed', 'hooks-path-changed']
  expect(await codes(root)).toEqual(all)
  expect((await data(root, 'status')).findings).toBe(all.length)
  // Told by an engine is not yet seen by a person.
  await engine(repository, 'two')
  expect(await codes(root, '--fix')).toEqual(all)
  git('config', '--unset', 'core.hooksPath')
  expect(await codes(root)).toEqual(all.slice(0, 3))
  expect((await data(root, 'status')).findings).toBe(3)
  expect(await codes(root, '--accept')).toEqual([])
  expect(await codes(root)).toEqual([])
  expect((await data(root, 'status')).findings).toBe(0)
})

test('a branch that somebody removed is a finding until it is back or accepted, and base moved is a remark', async () => {
  using repository = makeRepository({ 'agent.sh': 'date +%N > "made-$WORKLANE_TASK"\n' })
  const { root, git } = repository
  git('branch', 'merged')
  git('checkout', '-q', '-b', 'hers')
  repository.commit('hers alone')
  git('checkout', '-q', 'main')
  await engine(repository, 'one')
  repository.commit('by hand')
  repository.commit('once more')
  git('branch', '-D', 'hers', 'merged')
  const [before] = (await data(root, 'doctor')).findings
  expect(before).toMatchObject({ code: 'refs-gone', what: expect.stringMatching(/remove: hers \(\w+\)\.$/) })
  await engine(repository)
  expect((await data(root, 'doctor')).remarks).toContain(
    `Others moved main by 2 commits to ${git('rev-parse', '--short=7', 'main')}; landings go on from there.`,
  )
  git(...before.fix.split(': git ')[1].split(';')[0].split(' '))
  expect(await codes(root)).toEqual([])
  git('branch', '-D', 'hers')
  expect(await codes(root)).toEqual(['refs-gone'])
  expect(await codes(root, '--accept')).toEqual([])
  expect(types((await told(root)).slice(-2))).toContain('repository.refs_changed')
})

test('core.bare on a repository with a checkout is a finding', async () => {
  using repository = makeRepository()
  const { root, git } = repository
  await data(root, 'task', 'add', 'one')
  const { lane } = await data(root, 'claim', '1', '--as', 'ann')
  git('config', 'core.bare', 'true')
  const { findings } = await data(lane.path, 'doctor')
  const bare = findings.find(({ code }: { code: string }) => code === 'core-bare')
  expect(bare.fix).toBe('git config core.bare false')
  expect((await worklane(root, 'doctor')).err).toContain('git config core.bare false')
})
