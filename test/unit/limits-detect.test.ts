import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { judgeLimits, machineRemarks } from '../../src/engine/health/machine.ts'
import { howToDelegate, judgeMounts } from '../../src/host/limits/detect.ts'
import { offeredScope, type ScopeSight } from '../../src/host/limits/scope.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

let root: string
beforeEach(() => {
  root = temporaryDirectory()
})
afterEach(() => {
  vi.unstubAllEnvs()
  chmodSync(root, 0o700)
})

/** A directory that looks like a group of version 2. */
function group(path: string, controllers: string): string {
  const directory = join(root, path)
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries({
    'cgroup.procs': '',
    'cgroup.subtree_control': '',
    'cgroup.controllers': `${controllers}\n`,
  }))
    writeFileSync(join(directory, name), text)
  return directory
}

const mountOfV2 = (from = '/'): string => `24 23 0:22 ${from} ${root} rw - cgroup2 cgroup2 rw,nsdelegate\n`
const mountOfV1 = (controllers: string): string =>
  `33 31 0:30 / ${join(root, controllers)} rw,relatime - cgroup cgroup rw,${controllers}\n`

it('finds what was handed to us in version 2', () => {
  const home = group('user.slice/run-1.scope', 'cpu io memory pids')
  const { found, shortfall } = judgeMounts(mountOfV2(), '0::/user.slice/run-1.scope\n')
  expect([found?.dialect.version, shortfall]).toEqual([2, null])
  expect(found?.homes).toEqual({ pids: home, memory: home, cpu: home, freezer: home })
})

it('finds its own group again from the leaf that it moved to', () => {
  const home = group('run-1.scope', 'cpu memory pids')
  group('run-1.scope/worklane-engine', '')
  const { found } = judgeMounts(mountOfV2(), '0::/run-1.scope/worklane-engine\n')
  expect(found?.homes.memory).toBe(home)
})

it('a container sees its part of the hierarchy', () => {
  group('', 'cpu memory pids')
  expect(judgeMounts(mountOfV2('/docker/abc'), '0::/docker/abc\n').found?.homes.pids).toBe(join(root))
  expect(judgeMounts(mountOfV2(), '0::/\n').found?.homes.pids).toBe(join(root))
})

it('takes the older version where the newer has no controllers', () => {
  group('', 'hugetlb')
  for (const name of ['pids', 'memory', 'cpu,cpuacct'])
    mkdirSync(join(root, name, 'own'), { recursive: true })
  for (const name of ['pids', 'memory', 'cpu,cpuacct'])
    writeFileSync(join(root, name, 'own/cgroup.procs'), '')
  const mounts = ['pids', 'memory', 'cpu,cpuacct'].map(mountOfV1).join('')
  const { found, shortfall } = judgeMounts(
    mountOfV2() + mounts,
    '5:cpu,cpuacct:/own\n4:memory:/own\n3:pids:/own\n0::/\n',
  )
  expect([found?.dialect.version, shortfall]).toEqual([1, null])
  const cpu = join(root, 'cpu,cpuacct/own')
  expect(found?.homes).toEqual({
    pids: join(root, 'pids/own'),
    memory: join(root, 'memory/own'),
    cpu,
    cpuacct: cpu,
  })
})

const SESSION = '/user.slice/user-1000.slice/session-3.scope'

/** Somebody who is logged in, on a machine with systemd. */
function sight(changes: Partial<ScopeSight> = {}): ScopeSight {
  group('user.slice/user-1000.slice/user@1000.service', 'cpu memory pids')
  mkdirSync(join(root, 'run/user/1000'), { recursive: true })
  writeFileSync(join(root, 'run/user/1000/bus'), '')
  vi.stubEnv('PATH', '/usr/bin')
  mkdirSync(join(root, 'usr/bin'), { recursive: true })
  writeFileSync(join(root, 'usr/bin/busctl'), '')
  return { own: SESSION, first: '/init.scope', mount: root, uid: 1000, root, ...changes }
}

it('where the group of the session is not ours, systemd gives one', () => {
  const offer = offeredScope(sight())
  expect(offer).toEqual({ manager: 'user', controllers: ['pids', 'memory', 'cpu'] })
  const judged = judgeMounts(mountOfV2(), `0::${SESSION}\n`, offer)
  expect(judged).toEqual({ found: null, scope: offer, shortfall: null })
})

it('what systemd was not handed itself is said, and what to do', () => {
  const offer = { manager: 'user', controllers: ['pids', 'memory'] } as const
  const { scope, shortfall } = judgeMounts(mountOfV2(), `0::${SESSION}\n`, offer)
  expect([scope, shortfall?.why]).toEqual([offer, expect.stringContaining('(cpu)')])
  expect(shortfall?.remedy).toContain('user@.service')
})

it('a group that was handed to us is kept, with the limits that somebody gave it', () => {
  const home = group('user.slice/run-1.scope', 'cpu memory pids')
  const offer = { manager: 'user', controllers: ['pids', 'memory', 'cpu'] } as const
  const { found, scope } = judgeMounts(mountOfV2(), '0::/user.slice/run-1.scope\n', offer)
  expect([found?.homes.pids, scope]).toEqual([home, null])
})

it.each([
  ['in a service', { own: '/system.slice/ci.service' }],
  ['in a service of the user', { own: '/user.slice/user-1000.slice/user@1000.service/app.slice/x.service' }],
  [
    'in a scope with limits of its own',
    { own: '/user.slice/user-1000.slice/user@1000.service/run-r1.scope' },
  ],
  ['in a container, whose numbers of processes are others', { first: '/' }],
  ['of a user without a manager', { uid: 1001 }],
  ['without busctl', { root: '/nowhere' }],
] as const)('nothing is asked of systemd %s', (_, changes) => {
  expect(offeredScope(sight(changes))).toBe(null)
})

it('says what is missing, and what to do', () => {
  group('', 'pids')
  const part = judgeMounts(mountOfV2(), '0::/\n')
  expect(part.found?.homes).toEqual({ pids: root, freezer: root })
  expect(part.shortfall?.why).toContain('(memory, cpu)')
  const nothing = judgeMounts('', '')
  expect(nothing.found).toBe(null)
  expect(nothing.shortfall?.why).toContain('(processes, memory, cpu)')
})

it('is a finding where its user can mend it, and a remark where not', () => {
  sight()
  expect(howToDelegate(0, root)).toContain('systemd-run --scope')
  expect(howToDelegate(1000, root)).toContain('systemd-run --user')
  expect(howToDelegate(1001, root)).toBe(null)
  const [mine, others] = [
    { why: 'So.', missing: ['cpu'], remedy: 'this' },
    { why: 'So.', missing: ['pids', 'memory'], remedy: null },
  ] as const
  expect(judgeLimits(mine)).toMatchObject([
    {
      code: 'limits-not-enforced',
      why: expect.stringMatching(/^Processors .* limits.cpu/),
      fix: 'this',
      fixable: false,
    },
  ])
  expect(machineRemarks(others)).toEqual([
    expect.stringMatching(/^So\. Runs are watched.* down\. Whoever administers/),
  ])
  expect([judgeLimits(others), judgeLimits(null), machineRemarks(mine), machineRemarks(null)].flat()).toEqual(
    [],
  )
})
