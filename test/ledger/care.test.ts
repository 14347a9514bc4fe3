import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { networkName } from '../../src/host/files/network.ts'
import { backUp, backupsOf } from '../../src/ledger/backup.ts'
import { reserveLane } from '../../src/ledger/lanes.ts'
import { claimTask } from '../../src/ledger/leases.ts'
import { openLedger, SCHEMA_VERSION } from '../../src/ledger/ledger.ts'
import { MIGRATIONS } from '../../src/ledger/migrations/all.ts'
import { endAllLeases, leapEpochs, raiseNumbers } from '../../src/ledger/reconcile.ts'
import { keepReserve, spendReserve } from '../../src/ledger/reserve.ts'
import { copyForRestore, replaceLedger, soundBackup } from '../../src/ledger/restore.ts'
import { addTasks, taskMap } from '../../src/ledger/tasks.ts'
import { transact } from '../../src/ledger/transact.ts'
import { draft, granted, makeLedger } from '../fixtures/ledger.ts'

/** Everything behind the first pages is nonsense. */
function damage(path: string): void {
  const bytes = readFileSync(path)
  bytes.fill(0x5a, 4096)
  writeFileSync(path, bytes)
}

/** With the newest schema and one table more, as a later version would have it. */
const NEXT = {
  version: SCHEMA_VERSION + 1,
  load: async () => [
    ...MIGRATIONS,
    async (db: Kysely<unknown>) =>
      await db.schema
        .alterTable('lane')
        .addColumn('colour', 'text', (c) => c.notNull().defaultTo('grey'))
        .execute(),
  ],
}

describe('backups', () => {
  test('are whole copies of what is committed, and only the newest stay', async () => {
    await using it = await makeLedger()
    granted(await it.do(async (tx) => await addTasks(tx, [draft('one')])))
    for (let n = 1; n <= 7; n += 1) await backUp(it.ledger.path, n)
    const kept = backupsOf(it.ledger.path)
    expect(kept.map(({ number, at }) => [number, at])).toEqual([7, 6, 5, 4, 3].map((n) => [n, n]))
    const copy = new Database(kept[0]?.path, { readonly: true })
    expect(copy.prepare('select subject from task').all()).toEqual([{ subject: 'one' }])
    copy.close()
    expect(readdirSync(dirname(kept[0]?.path ?? '')).length).toBe(5)
  })

  test('go on in their order when the clock is set back', async () => {
    await using it = await makeLedger()
    await backUp(it.ledger.path, 5_000)
    await backUp(it.ledger.path, 10)
    expect(soundBackup(it.ledger.path)?.at).toBe(10)
  })

  test('a damaged ledger never pushes a sound backup out', async () => {
    await using it = await makeLedger()
    await backUp(it.ledger.path, 1)
    await it.ledger.close()
    damage(it.ledger.path)
    await expect(backUp(it.ledger.path, 2)).rejects.toThrow()
    expect(backupsOf(it.ledger.path).map(({ at }) => at)).toEqual([1])
  })
})

describe('a ledger that cannot be used', () => {
  test('damaged', async () => {
    await using it = await makeLedger()
    await it.ledger.close()
    damage(it.ledger.path)
    await expect(openLedger(it.ledger.path)).rejects.toMatchObject({ code: 'ledger-damaged' })
    writeFileSync(
      it.ledger.path,
      'this is no database, and it is longer than a header of SQLite, which has 100 bytes',
    )
    await expect(openLedger(it.ledger.path)).rejects.toMatchObject({ code: 'ledger-damaged' })
  })

  test('gone or emptied, though there are backups of it', async () => {
    await using it = await makeLedger()
    await backUp(it.ledger.path, 1)
    await it.ledger.close()
    truncateSync(it.ledger.path)
    await expect(openLedger(it.ledger.path)).rejects.toMatchObject({ code: 'ledger-missing' })
    rmSync(it.ledger.path)
    await expect(openLedger(it.ledger.path)).rejects.toMatchObject({ code: 'ledger-missing' })
    expect(existsSync(it.ledger.path)).toBe(false)
  })

  test('written by a newer version: nothing changes', async () => {
    await using it = await makeLedger()
    await it.ledger.close()
    await (await openLedger(it.ledger.path, NEXT)).close()
    const before = readFileSync(it.ledger.path)
    await expect(openLedger(it.ledger.path)).rejects.toMatchObject({ code: 'ledger-newer' })
    expect(readFileSync(it.ledger.path).equals(before)).toBe(true)
  })
})

describe('an upgrade', () => {
  test('happens in place with lanes and leases in it, after a backup', async () => {
    await using it = await makeLedger()
    const [id = 0] = granted(await it.do(async (tx) => await addTasks(tx, [draft('one')])))
    granted(await it.do(async (tx) => await claimTask(tx, id, { holder: 'ann', length: null })))
    const place = { path: '/lane', branch: 'task/1', base: 'main', startPoint: 'c0ffee', admin: 'task-1' }
    await it.do(
      async (tx) => await reserveLane(tx, { taskId: id, ...place, port: 1, fillFrom: null, owner: 'me' }),
    )
    await it.ledger.close()
    // The second finds nothing left to do.
    for (const time of [1, 2]) {
      const { db, close } = await openLedger(it.ledger.path, NEXT)
      expect((await taskMap(db)).get(id)?.state, `time ${time}`).toBe('in_progress')
      expect(await sql`select colour from lane`.execute(db)).toMatchObject({ rows: [{ colour: 'grey' }] })
      await close()
    }
    const backups = backupsOf(it.ledger.path)
    expect(backups.length).toBe(1)
    const before = new Database(backups[0]?.path, { readonly: true })
    expect(before.pragma('user_version', { simple: true })).toBe(SCHEMA_VERSION)
    before.close()
  })

  test('that fails leaves the ledger as it was', async () => {
    await using it = await makeLedger()
    await it.ledger.close()
    const broken = { ...NEXT, load: async () => [...(await NEXT.load()).slice(0, -1), fail] }
    await expect(openLedger(it.ledger.path, broken)).rejects.toThrow('no migration')
    await (await openLedger(it.ledger.path)).close()
  })

  test('the schema has the version that its migrations lead to', () => {
    expect(MIGRATIONS.length).toBe(SCHEMA_VERSION)
  })
})

async function fail(): Promise<void> {
  throw new Error('no migration')
}

test('a restored ledger gives no number and no epoch a second time', async () => {
  await using it = await makeLedger()
  const { path } = it.ledger
  const [id = 0] = granted(await it.do(async (tx) => await addTasks(tx, [draft('one')])))
  granted(await it.do(async (tx) => await claimTask(tx, id, { holder: 'ann', length: null })))
  await backUp(path, 1)
  granted(await it.do(async (tx) => await addTasks(tx, [draft('two'), draft('three')])))
  await it.ledger.close()
  const backup = soundBackup(path)
  if (backup === null) throw new Error('no backup')
  const copy = await openLedger(copyForRestore(backup, path))
  await copy.close()
  const aside = replaceLedger(path, copy.path, 2)
  expect(readdirSync(aside ?? '')).toContain('ledger.db')
  const ledger = await openLedger(path)
  const ended = await transact(ledger, it.actor, async (tx) => {
    await raiseNumbers(tx, new Map([['task', 3]]), new Map([['task', 12]]))
    const count = await endAllLeases(tx, 'worklane')
    await leapEpochs(tx)
    return count
  })
  expect(ended).toBe(1)
  const [next = 0] = granted(
    await transact(ledger, it.actor, async (tx) => await addTasks(tx, [draft('four')])),
  )
  expect(next).toBe(13)
  const claim = granted(
    await transact(ledger, it.actor, async (tx) => await claimTask(tx, id, { holder: 'bob', length: null })),
  )
  expect(claim.lease.epoch).toBeGreaterThan(1000)
  await ledger.close()
})

test('the reserve is room that is taken and given back', async () => {
  await using it = await makeLedger()
  const directory = join(dirname(it.ledger.path), 'reserve')
  expect(spendReserve(it.ledger.path)).toBe(false)
  expect(keepReserve(it.ledger.path)).toBe(true)
  expect(readdirSync(directory).length).toBe(4)
  expect(spendReserve(it.ledger.path)).toBe(true)
  expect(existsSync(directory)).toBe(false)
})

describe('network file systems', () => {
  test.each([
    [0x6969, 'NFS'],
    [0xff534d42, 'CIFS'],
    [0xff534d42 | 0, 'CIFS'],
    [0x01021997, '9p'],
    [0xef53, null],
    [0x01021994, null],
    [0x794c7630, null],
  ])('%i is %s', (type, name) => {
    expect(networkName(type, () => null)).toBe(name)
  })

  test.each([
    ['fuse.sshfs', 'sshfs'],
    ['fuse.fuse-overlayfs', null],
    ['fuseblk', null],
  ])('%s is %s', (type, name) => {
    expect(networkName(0x65735546, () => type)).toBe(name)
  })
})
