import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { LedgerEvent } from '../../src/board/event.ts'
import { fillBoard } from '../fixtures/board.ts'
import { background, contentOf, data, until, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'

interface Lane {
  readonly id: number
  readonly path: string
  readonly branch: string
  readonly epoch: number
}

const BASE = { 'a.txt': 'one\n', 'b.txt': 'one\n', '.gitignore': '*.log\n' }

async function claim(root: string, id: number): Promise<Lane> {
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

async function eventsOf(root: string, type: string): Promise<LedgerEvent[]> {
  const lines = (await worklane(root, 'events', '--json')).out.trim().split('\n')
  return lines.map((line) => JSON.parse(line)).filter((event) => event.type === type)
}

const tip = ({ path }: Lane): string => plainGit(path, 'rev-parse', 'HEAD')
const status = ({ path }: Lane): string => plainGit(path, 'status', '--porcelain')

it('brings idle clean lanes up to date, and leaves all others exactly as they are', async () => {
  process.env.WORKLANE_SANDBOX = 'walls'
  using repository = makeRepository(BASE)
  const { root, git, gitDir } = repository
  await fillBoard(gitDir, ['empty', 'worked', 'clash', 'dirty', 'untracked', 'busy', 'frozen'])
  const first = git('rev-parse', 'main')
  const [empty, worked, clash, dirty, untracked, busy, frozen] = [
    await claim(root, 1),
    await claim(root, 2),
    await claim(root, 3),
    await claim(root, 4),
    await claim(root, 5),
    await claim(root, 6),
    await claim(root, 7),
  ]
  commit(worked, { 'b.txt': 'mine\n' })
  commit(clash, { 'a.txt': 'mine\n' })
  writeFileSync(join(dirty.path, 'b.txt'), 'dirty\n')
  writeFileSync(join(untracked.path, 'draft.txt'), 'draft\n')
  writeFileSync(join(empty.path, 'x.log'), 'mine\n')
  writeFileSync(join(busy.path, 'a.txt'), 'busy\n')
  commit(frozen, { 'c.txt': 'frozen\n' })
  const before = new Map([worked, clash, busy, frozen].map((lane) => [lane, tip(lane)]))
  for (const lane of [empty, worked, clash, dirty, untracked]) await release(root, lane)
  git('checkout', '-q', '-b', 'elsewhere')
  writeFileSync(join(root, 'worklane.yaml'), `${contentOf(root, 'worklane.yaml') ?? ''}\nbase: main\n`)
  await data(root, 'complete', String(frozen.id), '--epoch', String(frozen.epoch))
  await data(root, 'landing', 'pause')
  git('update-ref', 'refs/heads/main', logOf(repository, first))
  await data(root, 'land')
  const main = git('rev-parse', 'main')

  expect([tip(empty), status(empty)]).toEqual([main, ''])
  expect(contentOf(empty.path, 'new.txt')).toBe('new\n')
  expect((await data(root, 'lane', 'diff', String(empty.id))).diff).toBe('')
  expect(contentOf(empty.path, 'x.log')).toBe('mine\n')
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
  expect(told.map((event) => event.data.task).sort()).toEqual([empty.id, worked.id].sort())
  expect(told[0]?.data).toMatchObject({ from: first, to: main, base: main })

  // Who works in a lane is told which of its files base has changed, and nobody else is.
  const notes = async (lane: Lane): Promise<{ text: string }[]> =>
    (await data(root, 'task', 'show', String(lane.id))).notes.filter(
      (note: { kind: string }) => note.kind === 'base',
    )
  expect(await notes(busy)).toEqual([expect.objectContaining({ text: expect.stringContaining('`a.txt`') })])
  expect(await notes(worked)).toEqual([])

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

it('tells who is at work of what `land` itself has just landed, each time', async () => {
  process.env.WORKLANE_SANDBOX = 'none'
  using repository = makeRepository(BASE)
  const { root } = repository
  await fillBoard(repository.gitDir, ['busy', 'one', 'two'])
  const busy = await claim(root, 1)
  for (const name of ['a.txt', 'b.txt']) writeFileSync(join(busy.path, name), 'busy\n')
  for (const [id, name] of [
    [2, 'a.txt'],
    [3, 'b.txt'],
  ] as const) {
    const lane = await claim(root, id)
    commit(lane, { [name]: 'two\n' })
    await data(root, 'complete', String(id), '--epoch', String(lane.epoch))
    await data(root, 'land')
    const { notes } = await data(root, 'task', 'show', '1')
    expect(notes.at(-1)).toMatchObject({ kind: 'base', text: expect.stringContaining(`\`${name}\``) })
  }
}, 60_000)

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

it.each([
  ['walls', 'lane.forwarding'],
  ['walls', 'lane.forwarded'],
  ['none', 'lane.refreshed'],
])(
  '%s, killed at %s: the next start brings it to its end, and loses nothing of a person',
  async (sandbox, point) => {
    process.env.WORKLANE_SANDBOX = sandbox
    using repository = makeRepository({ ...BASE, 'd.txt': 'one\n' })
    const { root } = repository
    await fillBoard(repository.gitDir, ['idle', 'lands'])
    const lane = await claim(root, 1)
    await release(root, lane)
    const other = await claim(root, 2)
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
