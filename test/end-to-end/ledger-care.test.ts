import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { backUp } from '../../src/ledger/backup.ts'
import { contentOf, data, refused, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'

const pathOf = (root: string): string => join(root, '.git', 'worklane', 'ledger.db')

/** Nonsense from a byte on; from 0 not even that it is a database can be seen. */
function damage(root: string, from: number): void {
  const bytes = readFileSync(pathOf(root))
  bytes.fill(0x5a, from)
  writeFileSync(pathOf(root), bytes)
}

test('damaged: every verb says one sentence, doctor brings the last backup back, and no work is lost', async () => {
  using repository = makeRepository()
  const { root } = repository
  for (const subject of ['One', 'Two']) await data(root, 'task', 'add', subject)
  const one = await data(root, 'claim', '1', '--as', 'ann')
  await backUp(pathOf(root), Date.now())
  writeFileSync(join(one.lane.path, 'one.txt'), 'of one')
  const two = await data(root, 'claim', '2', '--as', 'bob')
  writeFileSync(join(two.lane.path, 'two.txt'), 'of two')
  await data(root, 'lane', 'remove', '1')
  await data(root, 'task', 'add', 'Three')
  await data(root, 'claim', '3', '--as', 'cleo')
  damage(root, 4096)

  for (const verb of [['status'], ['claim', '--as', 'dan'], ['up', '-j', '0'], ['lane', 'list']])
    expect(await refused(root, ...verb)).toEqual(['ledger-damaged', 3])
  const said = await worklane(root, 'status')
  expect(said.err).toBe(
    'worklane: The ledger is damaged and cannot be read.\n  See what can be done with: worklane doctor. Lanes, branches and archives are not touched.\n',
  )
  const { findings } = await data(root, 'doctor')
  expect(findings[0]).toMatchObject({
    code: 'ledger-damaged',
    fix: expect.stringContaining('worklane doctor --restore-ledger'),
  })

  const rescued = await data(root, 'doctor', '--restore-ledger')
  expect(rescued.findings.map(({ what }: { what: string }) => what)).toEqual([
    expect.stringContaining('.worktrees/task-3 is younger than the ledger'),
  ])
  const { tasks } = await data(root, 'task', 'list')
  expect(tasks.map(({ id, state }: { id: number; state: string }) => [id, state])).toEqual([
    [1, 'pending'],
    [2, 'pending'],
  ])
  // The lane that had been removed is in its archive; the one that was younger is taken over.
  const restored = await data(root, 'lane', 'restore', '1')
  expect(contentOf(restored.path, 'one.txt')).toBe('of one')
  const again = await data(root, 'claim', '2', '--as', 'eve')
  expect(contentOf(again.lane.path, 'two.txt')).toBe('of two')
  expect(await refused(root, 'complete', '2', '--epoch', '1')).toEqual(['stale-lease', 1])
  expect((await data(root, 'task', 'add', 'Four')).id).toBeGreaterThan(3)
  expect(plainGit(root, 'fsck', '--no-dangling', '--no-progress')).toBe('')
  expect(await refused(root, 'doctor', '--restore-ledger')).toEqual(['ledger-whole', 1])
})

test('gone, and nothing to bring back', async () => {
  using repository = makeRepository()
  const { root } = repository
  await data(root, 'task', 'add', 'One')
  damage(root, 0)
  expect(await refused(root, 'status')).toEqual(['ledger-damaged', 3])
  expect(await refused(root, 'doctor', '--restore-ledger')).toEqual(['no-backup', 1])
  expect((await data(root, 'doctor')).findings[0].fix).toContain('begin with an empty one')
  rmSync(pathOf(root))
  expect((await data(root, 'status')).tasks.pending).toBe(0)
})

test('of a newer version: exit code 2, doctor included', async () => {
  using repository = makeRepository()
  const { root } = repository
  await data(root, 'task', 'add', 'One')
  const sqlite = new Database(pathOf(root))
  sqlite.pragma('user_version = 99')
  sqlite.close()
  for (const verb of ['status', 'doctor']) expect(await refused(root, verb)).toEqual(['ledger-newer', 2])
})

test('low on disk: nothing new is claimed, and status says so', async () => {
  using repository = makeRepository({ 'worklane.yaml': 'limits:\n  freeDisk: 900tb\n' })
  const { root } = repository
  await data(root, 'task', 'add', 'One')
  expect(await refused(root, 'claim', '--as', 'ann')).toEqual(['low-disk', 1])
  expect((await worklane(root, 'status')).out).toMatch(/Disk {5}\S+ [GT]B are free .* below 900 TB/)
  repository.write('worklane.yaml', 'limits:\n  freeDisk: 0\n')
  expect((await data(root, 'claim', '--as', 'ann')).task.id).toBe(1)
})

test('an engine looks at the whole ledger before it begins', async () => {
  using repository = makeRepository()
  const { root } = repository
  await data(root, 'task', 'add', 'One')
  const page = pageOf(root, 'event')
  const bytes = readFileSync(pathOf(root))
  bytes.fill(0x5a, page, page + 4096)
  writeFileSync(pathOf(root), bytes)
  expect((await data(root, 'status')).tasks.pending).toBe(1)
  expect(await refused(root, 'up', '-j', '0')).toEqual(['ledger-damaged', 3])
  expect((await data(root, 'doctor')).findings[0].code).toBe('ledger-damaged')
})

/** Where the first page of a table begins, which no other verb than `events` reads. */
function pageOf(root: string, table: string): number {
  const sqlite = new Database(pathOf(root))
  const row = sqlite.prepare('select rootpage from sqlite_schema where name = ?').get(table) as {
    rootpage: number
  }
  const size = sqlite.pragma('page_size', { simple: true }) as number
  sqlite.close()
  return (row.rootpage - 1) * size
}
