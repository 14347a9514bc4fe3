import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { LedgerEvent } from '../../src/board/event.ts'
import { background, contentOf, data, until, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'

interface Lane {
  readonly id: number
  readonly path: string
  readonly branch: string
  readonly epoch: number
}

const BASE = { 'a.txt': 'one\n', 'b.txt': 'one\n', '.gitignore': '*.log\n' }

async function claim(root: string, subject: string): Promise<Lane> {
  const { id } = await data(root, 'task', 'add', subject)
  const { epoch, lane } = await data(root, 'claim', String(id), '--as', 'ann')
  return { id, path: lane.path, branch: lane.branch, epoch }
}

function commit({ path }: Lane, files: Readonly<Record<string, string>>, message = 'work'): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  plainGit(path, 'add', '-A')
  plainGit(path, 'commit', '-q', '-m', message)
}

const release = async (root: string, { id, epoch }: Lane): Promise<unknown> =>
  await data(root, 'release', String(id), '--epoch', String(epoch))

/** Lands a change of `a.txt`, and answers where main is then. */
async function land({ root, git }: TestRepository): Promise<string> {
  const lane = await claim(root, 'lands')
  commit(lane, { 'a.txt': 'two\n', 'new.txt': 'new\n' })
  await data(root, 'complete', String(lane.id), '--epoch', String(lane.epoch))
  await data(root, 'land')
  return git('rev-parse', 'main')
}

async function eventsOf(root: string, type: string): Promise<LedgerEvent[]> {
  const lines = (await worklane(root, 'events', '--json')).out.trim().split('\n')
  return lines.map((line) => JSON.parse(line)).filter((event) => event.type === type)
}

const tip = ({ path }: Lane): string => plainGit(path, 'rev-parse', 'HEAD')
const status = ({ path }: Lane): string => plainGit(path, 'status', '--porcelain')

it('brings idle clean lanes up to date, and leaves all others exactly as they are', async () => {
  using repository = makeRepository(BASE)
  const { root, git } = repository
  const first = git('rev-parse', 'main')
  const [empty, worked, clash, dirty, untracked, ignored, busy, frozen] = [
    await claim(root, 'empty'),
    await claim(root, 'worked'),
    await claim(root, 'clash'),
    await claim(root, 'dirty'),
    await claim(root, 'untracked'),
    await claim(root, 'ignored'),
    await claim(root, 'busy'),
    await claim(root, 'frozen'),
  ]
  commit(worked, { 'b.txt': 'mine\n' })
  commit(clash, { 'a.txt': 'mine\n' })
  writeFileSync(join(dirty.path, 'b.txt'), 'dirty\n')
  writeFileSync(join(untracked.path, 'draft.txt'), 'draft\n')
  writeFileSync(join(ignored.path, 'x.log'), 'mine\n')
  writeFileSync(join(busy.path, 'a.txt'), 'busy\n')
  commit(frozen, { 'c.txt': 'frozen\n' })
  const before = new Map([worked, clash, busy, frozen].map((lane) => [lane, tip(lane)]))
  for (const lane of [empty, worked, clash, dirty, untracked, ignored]) await release(root, lane)
  git('checkout', '-q', '-b', 'elsewhere')
  writeFileSync(join(root, 'worklane.yaml'), `${contentOf(root, 'worklane.yaml') ?? ''}\nbase: main\n`)
  await data(root, 'complete', String(frozen.id), '--epoch', String(frozen.epoch))
  await data(root, 'landing', 'pause')
  git('update-ref', 'refs/heads/main', logOf(repository, first))
  await data(root, 'land')
  const main = git('rev-parse', 'main')

  for (const lane of [empty, ignored]) {
    expect(tip(lane)).toBe(main)
    expect(status(lane)).toBe('')
    expect(contentOf(lane.path, 'new.txt')).toBe('new\n')
    expect((await data(root, 'lane', 'diff', String(lane.id))).diff).toBe('')
    expect((await data(root, 'lane', 'show', String(lane.id))).commits).toBe(0)
  }
  expect(contentOf(ignored.path, 'x.log')).toBe('mine\n')
  expect(plainGit(worked.path, 'rev-parse', 'HEAD^1', 'HEAD^2').split('\n')).toEqual([
    before.get(worked),
    main,
  ])
  expect(status(worked)).toBe('')
  const diff: string = (await data(root, 'lane', 'diff', String(worked.id))).diff
  expect(diff).toContain('+mine')
  expect(diff).not.toContain('new.txt')
  for (const lane of [clash, busy, frozen]) expect(tip(lane)).toBe(before.get(lane))
  for (const lane of [dirty, untracked, busy]) expect(tip(lane)).not.toBe(main)
  expect([status(dirty), status(untracked), status(busy)]).toEqual([' M b.txt', '?? draft.txt', ' M a.txt'])
  const told = await eventsOf(root, 'lane.refreshed')
  expect(told.map((event) => event.data.task).sort()).toEqual([empty.id, worked.id, ignored.id].sort())
  expect(told[0]?.data).toMatchObject({ from: first, to: main, base: main })

  // Who works in a lane is told which of its files base has changed, and nobody else is.
  const notes = async (lane: Lane): Promise<{ text: string }[]> =>
    (await data(root, 'task', 'show', String(lane.id))).notes.filter(
      (note: { kind: string }) => note.kind === 'base',
    )
  expect(await notes(busy)).toEqual([expect.objectContaining({ text: expect.stringContaining('`a.txt`') })])
  for (const lane of [empty, worked, frozen]) expect(await notes(lane)).toEqual([])

  // What was brought up to date goes on, and lands.
  await data(root, 'landing', 'resume')
  const again = await data(root, 'claim', String(worked.id), '--as', 'ann')
  await data(root, 'complete', String(worked.id), '--epoch', String(again.epoch))
  const landed = await data(root, 'land')
  expect(landed.landed.map(({ task }: { task: number }) => task).sort()).toEqual(
    [worked.id, frozen.id].sort(),
  )
  expect(git('show', 'main:b.txt', 'main:a.txt')).toBe('mine\ntwo')
  git('fsck', '--strict')
}, 120_000)

/** A commit on top of `parent`, as a person's. */
function logOf({ git, root }: TestRepository, parent: string): string {
  const index = join(root, '.git', 'aside')
  const blob = (content: string): string => {
    writeFileSync(join(root, '..', 'blob'), content)
    return git('hash-object', '-w', join(root, '..', 'blob'))
  }
  const [a, fresh] = [blob('two\n'), blob('new\n')]
  process.env.GIT_INDEX_FILE = index
  try {
    git('read-tree', parent)
    git('update-index', '--add', '--cacheinfo', `100644,${a},a.txt`, '--cacheinfo', `100644,${fresh},new.txt`)
    return git('commit-tree', '-p', parent, '-m', 'theirs', git('write-tree'))
  } finally {
    delete process.env.GIT_INDEX_FILE
  }
}

it('leaves lanes where they are with lanes.refresh: false', async () => {
  using repository = makeRepository({ ...BASE, 'worklane.yaml': 'lanes: { refresh: false }\n' })
  const { root } = repository
  const lane = await claim(root, 'idle')
  const before = tip(lane)
  await release(root, lane)
  await land(repository)
  expect(tip(lane)).toBe(before)
})

const POINTS =
  process.env.WORKLANE_SANDBOX === 'walls'
    ? ['lane.forwarding', 'lane.forwarded', 'lane.refreshed']
    : ['lane.refreshed']

it.each(POINTS)(
  'killed at %s: the next start brings it to its end, and loses nothing of a person',
  async (point) => {
    using repository = makeRepository({ ...BASE, 'd.txt': 'one\n' })
    const { root } = repository
    const lane = await claim(root, 'idle')
    await release(root, lane)
    const other = await claim(root, 'lands')
    commit(other, { 'a.txt': 'two\n', 'd.txt': 'two, longer\n', 'new.txt': 'new\n' })
    await data(root, 'complete', String(other.id), '--epoch', String(other.epoch))
    process.env.WORKLANE_CRASH_AT = point
    try {
      const crashed = background(root, 'land', '--json')
      await until('it was killed', () => crashed.exitCode !== null || crashed.signalCode !== null)
      expect(crashed.signalCode ?? crashed.exitCode).not.toBe(0)
    } finally {
      delete process.env.WORKLANE_CRASH_AT
    }
    const main = repository.git('rev-parse', 'main')
    if (point === 'lane.forwarding') {
      // As git leaves it when it is killed among the files, and a person goes on meanwhile.
      writeFileSync(join(lane.path, 'd.txt'), 'two, lo')
      writeFileSync(join(lane.path, 'new.txt'), '')
      writeFileSync(join(lane.path, 'b.txt'), 'a person\n')
    }
    await data(root, 'land')
    expect(existsSync(join(root, '.git/worklane/lanes/1/refresh.json'))).toBe(false)
    expect(await data(root, 'lane', 'show', String(lane.id))).toMatchObject({
      holder: 'host',
      state: 'ready',
    })
    if (point === 'lane.forwarding') {
      expect(status(lane)).toBe(' M b.txt')
      expect(readFileSync(join(lane.path, 'd.txt'), 'utf8')).toBe('one\n')
      expect(existsSync(join(lane.path, 'new.txt'))).toBe(false)
      plainGit(lane.path, 'checkout', '-q', 'b.txt')
      await data(root, 'land')
    }
    expect(tip(lane)).toBe(main)
    expect(status(lane)).toBe('')
    expect(await eventsOf(root, 'lane.refreshed')).toHaveLength(1)
    expect((await data(root, 'claim', String(lane.id), '--as', 'ben')).lane.startPoint).toBe(main)
  },
)
