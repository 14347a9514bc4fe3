import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  ALL_ATTEMPTS,
  type Attempt,
  type EscapeTargets,
  QUICK_ATTEMPTS,
} from '../../src/host/sandbox/escape-attempts.ts'
import { escapeScene, NODE, ownProcess } from '../../src/host/sandbox/escape-scene.ts'
import { type EscapeRequest, type Tried, tryEscape } from '../../src/host/sandbox/try-escape.ts'
import type { Walls } from '../../src/host/sandbox/walls.ts'
import { type Said, WORKLANE } from '../fixtures/cli.ts'
import { makeRepository, temporaryDirectory } from '../fixtures/repository.ts'
import { type WalledLane, walledLane } from '../fixtures/walled-lane.ts'

/** Walls that are none. */
const OPEN: Walls = {
  uid: null,
  home: homedir(),
  wrap: (argv) => [...argv],
  environment: (env) => ({ ...env, HOME: homedir() }),
}

/** Without walls these would do more than look. */
const CHANGES_THE_MACHINE = ['mount', 'make a device', 'lead its .git elsewhere', 'become root']

function targetsOf({ repository, path }: WalledLane): Omit<EscapeTargets, 'socket'> {
  const { root, gitDir } = repository
  const others = ['.worktrees/other', '.git/worklane/runs', 'home'].map((name) => join(root, name))
  for (const directory of others) mkdirSync(directory, { recursive: true })
  writeFileSync(join(gitDir, 'worklane', 'ledger.db'), '')
  const [other = '', runs = '', home = ''] = others
  return {
    ...{ root, commonDir: gitDir, home, ledger: join(gitDir, 'worklane', 'ledger.db') },
    ...{ otherLanes: [other, path].slice(0, 1), kept: [runs], process: ownProcess() },
  }
}

type Asked<T> = Partial<EscapeRequest<T>> & Pick<EscapeRequest<T>, 'attempts' | 'targets'>

async function attempt<T>(lane: WalledLane, asked: Asked<T>): Promise<Tried[]> {
  const { walls, repository } = lane
  const room = join(repository.gitDir, 'worklane', 'lanes', '1')
  return await tryEscape({ walls, room, network: false, readable: [], writable: [], ...asked })
}

const namesOf = (tried: readonly Tried[], outcome: Tried['outcome']): string[] =>
  tried.filter((one) => one.outcome === outcome).map((one) => one.attempt)

describe('the quick self-test', () => {
  it('gets through everywhere without walls, and nowhere with them', async () => {
    using lane = await walledLane()
    await using scene = await escapeScene(join(lane.repository.gitDir, 'worklane'))
    const targets = { ...targetsOf(lane), socket: scene.socket }
    const blind = await attempt(lane, { attempts: QUICK_ATTEMPTS, targets, walls: OPEN })
    const needsRoot = process.getuid?.() === 0 ? [] : ['be root']
    expect(namesOf(blind, 'held')).toEqual(needsRoot)
    expect(namesOf(blind, 'through')).toHaveLength(QUICK_ATTEMPTS.length - needsRoot.length)
    const walled = await attempt(lane, { attempts: QUICK_ATTEMPTS, targets })
    expect(namesOf(walled, 'held')).toEqual(QUICK_ATTEMPTS.map(({ name }) => name))
    expect(lane.repository.git('status', '--porcelain')).not.toContain('escape')
  })

  it('does not count what is not there, nor what the settings open', async () => {
    using lane = await walledLane()
    const targets = { ...targetsOf(lane), otherLanes: [], commonDir: '/nowhere', socket: '/nowhere' }
    const writable = [targets.root]
    const tried = await attempt(lane, { attempts: QUICK_ATTEMPTS, targets, walls: OPEN, writable })
    expect(namesOf(tried, 'nothing here')).toEqual([
      'read the main checkout',
      'change the settings of git',
      'write refs',
      'write objects',
      'write in another lane',
    ])
    expect(namesOf(tried, 'policy')).toEqual([
      'write in the main checkout',
      'write in HOME',
      'read the ledger',
    ])
  })
})

describe('all attempts', () => {
  it('get through without walls where they can, and nowhere with them', async () => {
    using lane = await walledLane()
    await using scene = await escapeScene(join(lane.repository.gitDir, 'worklane'))
    const targets = { ...targetsOf(lane), ...scene, lane: lane.path }
    const harmless = ALL_ATTEMPTS.filter(({ name }) => !CHANGES_THE_MACHINE.includes(name))
    const walled = await attempt(lane, { attempts: ALL_ATTEMPTS, targets, binds: [NODE] })
    expect(namesOf(walled, 'through')).toEqual([])
    expect(namesOf(walled, 'held').length).toBeGreaterThan(30)
    const open = { ...targets, node: process.execPath }
    const attempts: readonly Attempt<typeof open>[] = harmless
    const blind = await attempt(lane, { attempts, targets: open, walls: OPEN, network: true })
    expect(
      namesOf(blind, 'held').filter((name) => !/root|namespaces|memory|our environment/.test(name)),
    ).toEqual([])
    expect(namesOf(blind, 'policy')).toEqual([
      'reach an abstract socket',
      'reach what listens on this machine',
    ])
  })
})

async function worklane(cwd: string, env: Record<string, string>, ...args: string[]): Promise<Said> {
  const options = { cwd, env: { ...process.env, WORKLANE_SANDBOX: 'walls', ...env } }
  return await new Promise((resolve) => {
    execFile(WORKLANE, args, options, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
    )
  })
}

/** A directory with a bubblewrap that also shows `hole`, writable. */
function leakyBubblewrap(hole: string): string {
  const directory = temporaryDirectory()
  const real = execFileSync('sh', ['-c', 'command -v bwrap'], { encoding: 'utf8' }).trim()
  const script = `#!/bin/sh
for word; do
  shift
  [ "$word$open" != --remount-ro ] || { open=already; set -- "$@" --bind ${hole} ${hole}; }
  set -- "$@" "$word"
done
exec ${real} "$@"
`
  writeFileSync(join(directory, 'bwrap'), script, { mode: 0o755 })
  return directory
}

describe('the product', () => {
  it('makes no lane whose walls do not hold', async () => {
    using repository = makeRepository()
    const refs = join(repository.gitDir, 'refs')
    chmodSync(refs, 0o777)
    const env = { PATH: `${leakyBubblewrap(refs)}:${process.env.PATH ?? ''}` }
    await worklane(repository.root, env, 'task', 'add', 'one')
    const claim = await worklane(repository.root, env, 'claim', '1', '--as', 'ann', '--json')
    expect(JSON.parse(claim.out)).toMatchObject({ error: { code: 'walls-open' } })
    expect(claim.out).toMatch(
      /The walls of the lane of task 1 do not hold: an agent in it could write refs\./,
    )
    expect(existsSync(join(repository.root, '.worktrees/task-1'))).toBe(false)
    // An agent never began: nothing is tried again, nothing counts, and the task waits with the reason.
    const run = await worklane(repository.root, env, 'run', '--command', 'true', '--json')
    expect(run.out.match(/"type":"task.claimed"/g)).toHaveLength(1)
    const answer = JSON.parse(run.out.trim().split('\n').at(-1) ?? '')
    const reason = expect.stringMatching(/^The walls of .* do not hold/)
    const waits = { id: 1, state: 'pending', reason, next: 'worklane sandbox test; then worklane run' }
    expect(answer.data.unfinished).toMatchObject([waits])
    const test = await worklane(repository.root, env, 'sandbox', 'test')
    expect(test).toMatchObject({ code: 1 })
    expect(test.out).toMatch(/^write refs +GOT THROUGH$/m)
  })

  it('tests the walls with one command', async () => {
    using repository = makeRepository()
    const test = await worklane(repository.root, {}, 'sandbox', 'test')
    expect(test.out).toMatch(/^attempt +outcome\n/)
    expect(test.out).toMatch(/^write in the main checkout +held$/m)
    expect(test.out).toMatch(/\n\n(\d+) of \1 held; .*network \w+\.\n$/)
    expect(test.code).toBe(0)
  })
})
