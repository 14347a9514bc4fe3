import { spawn } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { checkoutsOf } from '../../src/host/git/checkouts.ts'
import { type BaseMove, heldBy, moveBase, settleBase } from '../../src/host/git/move-base.ts'
import { beginMove } from '../../src/host/git/move-journal.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'

const BEFORE = { a: 'a 1\n', b: 'b 1\n', c: 'c 1\n', gone: 'g\n', 'd/x': 'x 1\n', other: 'o\n' }

/** main before a landing, and two landings that could be made on it. */
function ready(): { repository: TestRepository; move: BaseMove; next: BaseMove } {
  const repository = makeRepository(BEFORE)
  const from = repository.git('rev-parse', 'HEAD')
  repository.git('checkout', '-q', '-b', 'candidate')
  rmSync(join(repository.root, 'gone'))
  rmSync(join(repository.root, 'd'), { recursive: true })
  symlinkSync('a', join(repository.root, 'link'))
  const landing = { a: 'a 2 longer\n', b: 'b 2 longer\n', c: 'c 2\n', d: 'a file now\n', 'new/ü': 'n\n' }
  const to = repository.commit('landing', landing)
  repository.git('checkout', '-q', '-b', 'next', from)
  const next = repository.commit('next', { a: 'a 3\n' })
  repository.git('checkout', '-q', 'main')
  const move = { branch: 'main', from, to, reason: 'worklane: land task 7' }
  return { repository, move, next: { ...move, to: next } }
}

/** What a landing that is killed has written before it moves anything. */
async function begin(repository: TestRepository, move: BaseMove, kept: string[] = []): Promise<void> {
  const [checkout] = (await checkoutsOf({ commonDir: repository.gitDir }, 'main')).here
  if (checkout !== undefined) await beginMove(checkout, { ...move, kept })
}

function status(repository: TestRepository): string {
  return repository.git('status', '--porcelain', '-uall')
}

test('killed before the ref moved: files and index go back, and another landing goes through', async () => {
  const { repository, move, next } = ready()
  using _ = repository
  const place = { commonDir: repository.gitDir }
  await begin(repository, move)
  repository.git('read-tree', '-m', '-u', move.from, move.to)
  repository.write('other', 'a person’s\n')
  expect(await heldBy(place, next)).toBe(null)
  expect(status(repository)).toContain('M  a')
  expect(await moveBase(place, next)).toEqual({ kind: 'moved' })
  expect(status(repository)).toBe(' M other')
  expect(readFileSync(join(repository.root, 'd/x'), 'utf8')).toBe('x 1\n')
})

test('killed while files were written: whole, half, empty and missing ones go back', async () => {
  const { repository, move } = ready()
  using _ = repository
  await begin(repository, move)
  repository.write('a', 'a 2 longer\n')
  repository.write('b', 'b 2 lo')
  rmSync(join(repository.root, 'c'))
  rmSync(join(repository.root, 'gone'))
  rmSync(join(repository.root, 'd'), { recursive: true })
  repository.write('d', '')
  repository.write('new/ü', '')
  symlinkSync('a', join(repository.root, 'link'))
  expect(await settleBase({ commonDir: repository.gitDir }, 'main')).toBe(null)
  expect(status(repository)).toBe('')
  expect(existsSync(join(repository.root, 'new'))).toBe(false)
})

test('what a person did since stays, and holds the landing', async () => {
  const { repository, move } = ready()
  using _ = repository
  const place = { commonDir: repository.gitDir }
  await begin(repository, move)
  repository.git('read-tree', '-m', '-u', move.from, move.to)
  repository.write('a', 'a person’s\n')
  rmSync(join(repository.root, 'new'), { recursive: true })
  symlinkSync('/tmp', join(repository.root, 'new'))
  expect(await moveBase(place, move)).toMatchObject({ kind: 'held', files: ['new'] })
  expect(readFileSync(join(repository.root, 'a'), 'utf8')).toBe('a person’s\n')
  expect(lstatSync(join(repository.root, 'new')).isSymbolicLink()).toBe(true)
})

test('what the user had staged alike before, and what they committed since, stays', async () => {
  const { repository, move } = ready()
  using _ = repository
  const place = { commonDir: repository.gitDir }
  await begin(repository, move, ['a'])
  repository.git('read-tree', '-m', '-u', move.from, move.to)
  repository.git('commit', '-q', '-m', 'a person', 'c')
  expect(await settleBase(place, 'main')).toBe(null)
  expect(status(repository)).toBe('M  a')
})

test('a lock that stays is named, and the rest follows once it is gone', async () => {
  const { repository, move } = ready()
  using _ = repository
  const place = { commonDir: repository.gitDir }
  await begin(repository, move)
  repository.git('read-tree', '-m', '-u', move.from, move.to)
  const lock = join(repository.gitDir, 'index.lock')
  writeFileSync(lock, '')
  for (const answer of [
    await heldBy(place, move),
    await settleBase(place, 'main'),
    await moveBase(place, move),
  ])
    expect(answer).toMatchObject({ kind: 'held', files: [lock] })
  rmSync(lock)
  expect(await moveBase(place, move)).toEqual({ kind: 'moved' })
  expect(status(repository)).toBe('')
})

test('a lock on the ref is seen before anything moves', async () => {
  const { repository, move } = ready()
  using _ = repository
  const lock = join(repository.gitDir, 'refs/heads/main.lock')
  writeFileSync(lock, '')
  expect(await moveBase({ commonDir: repository.gitDir }, move)).toMatchObject({
    kind: 'held',
    files: [lock],
  })
  expect(status(repository)).toBe('')
})

test('really killed while it moves files: the next one puts it in order', async () => {
  const many = (text: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`d${at % 5}/f${at}`, `${text} ${at}\n`]))
  using repository = makeRepository(many('before'))
  const from = repository.git('rev-parse', 'HEAD')
  repository.git('checkout', '-q', '-b', 'candidate')
  const to = repository.commit('landing', many('after'))
  repository.git('checkout', '-q', 'main')
  const move = { branch: 'main', from, to, reason: 'worklane: land task 7' }
  const place = { commonDir: repository.gitDir }
  const lock = join(repository.gitDir, 'index.lock')
  await killedMove(repository, move, 30)
  if (existsSync(lock)) expect(await moveBase(place, move)).toMatchObject({ kind: 'held', files: [lock] })
  // Whoever looks after locks has proved that nobody holds these.
  for (const name of ['index.lock', 'HEAD.lock', 'refs/heads/main.lock'])
    rmSync(join(repository.gitDir, name), { force: true })
  expect(await settleBase(place, 'main')).toBe(null)
  expect(status(repository)).toBe('')
  expect([from, to]).toContain(repository.git('rev-parse', 'main'))
  repository.git('reset', '-q', '--hard', from)
  expect(await moveBase(place, move)).toEqual({ kind: 'moved' })
})

/** Starts the move in a process group of its own and kills all of it `turns` turns after git took the index lock. */
async function killedMove({ gitDir }: TestRepository, move: BaseMove, turns: number): Promise<void> {
  const module = new URL('../../src/host/git/move-base.ts', import.meta.url).href
  const script = `const m = await import(${JSON.stringify(module)}); await m.moveBase(${JSON.stringify({ commonDir: gitDir })}, ${JSON.stringify(move)})`
  const args = ['--input-type=module', '-e', script]
  const child = spawn(process.execPath, args, { detached: true, stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const isUp = (): boolean => child.exitCode === null
  while (!existsSync(join(gitDir, 'index.lock')) && isUp()) await new Promise(setImmediate)
  for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate)
  if (child.pid !== undefined && isUp()) process.kill(-child.pid, 'SIGKILL')
  await ended
  // git runs in a group of its own, so that Ctrl-C does not break it in the middle. While a program is being started
  // its environment reads as empty, so only several empty looks say that none is left.
  for (let empty = 0; empty < 10; empty += 1) {
    const left = processesWith(`GIT_DIR=${gitDir}`)
    for (const pid of left) process.kill(pid, 'SIGKILL')
    if (left.length > 0) empty = 0
    await wait(20)
  }
}

function processesWith(entry: string): number[] {
  const holds = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(entry)
    } catch {
      return false
    }
  }
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && holds(pid))
    .map(Number)
}
