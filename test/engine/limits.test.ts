import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { LaneLimits } from '../../src/board/limits.ts'
import { DEFAULT_SETTINGS } from '../../src/config/settings.ts'
import { DiskWatch } from '../../src/engine/limits/disk-watch.ts'
import { LivingGuard } from '../../src/engine/limits/guard.ts'
import { startWorker, type Worker } from '../../src/host/process/worker.ts'
import { until } from '../fixtures/cli.ts'
import { mountSmallDisk } from '../fixtures/full-disk/small-disk.ts'
import { type ProcessTest, processTest } from '../fixtures/processes.ts'

const OFFENDER = `"${process.execPath}" "${fileURLToPath(new URL('../fixtures/programs/offender.mjs', import.meta.url))}"`
const LIMITS: LaneLimits = { processes: 64, memory: 256_000_000, cpu: null, files: 1024, disk: 100_000_000 }

/** Without a control group, as on a system that lets us make none. */
function watched(place: ProcessTest): LivingGuard {
  const run = { laneId: 7, token: place.token, directories: [place.directory] }
  return new LivingGuard(run, LIMITS, { group: null, atStart: 0, onClose: () => {} })
}

async function work(place: ProcessTest, command: string, guard: LivingGuard): Promise<Worker> {
  mkdirSync(place.file('lane'))
  return await startWorker({
    command,
    cwd: place.file('lane'),
    env: place.env,
    token: place.token,
    prompt: '',
    outputPath: place.file('output'),
    outputLimit: 1_000_000,
    timeLimit: 30_000,
    grace: 100,
    wrap: guard.enter,
  })
}

test.each(['processes', 'memory'] as const)('without a control group %s are watched', async (kind) => {
  await using place = processTest()
  const guard = watched(place)
  const worker = await work(place, `${OFFENDER} ${kind}`, guard)
  void guard.stopped.then(() => worker.stop(true))
  await until('it is ended', () => {
    guard.look()
    return guard.cause() !== null
  })
  await worker.exited
  expect(await guard.stopped).toMatchObject({ limit: kind, ended: true })
  expect(guard.cause()?.text).toMatch(/ was reached \(limits\.(processes|memory)\)/)
  await guard.close()
})

test('what is within its limits has no cause', async () => {
  await using place = processTest()
  const guard = watched(place)
  const worker = await work(place, 'sleep 0.1; nice', guard)
  guard.look()
  await worker.exited
  await guard.close()
  expect(guard.cause()).toBe(null)
})

/** A lane on the disk, and the limits of a run in it that has no process. */
function laneOn(directory: string, laneId: number, limits: LaneLimits): LivingGuard {
  const lane = join(directory, String(laneId))
  mkdirSync(lane)
  const run = { laneId, token: `none-${laneId}-${process.pid}`, directories: [lane] }
  return new LivingGuard(run, limits, { group: null, atStart: 0, onClose: () => {} })
}

const write = (guard: LivingGuard, name: string, bytes: number): void =>
  writeFileSync(join(guard.run.directories[0] ?? '', name), Buffer.alloc(bytes, 1))

const disk = mountSmallDisk()
disk?.[Symbol.dispose]()
const diskTest = disk === null ? test.skip : test
const FREE_DISK = 20_000_000

function watchOf(directory: string): DiskWatch {
  const settings = {
    ...DEFAULT_SETTINGS,
    lanes: { ...DEFAULT_SETTINGS.lanes, directory },
    limits: { ...DEFAULT_SETTINGS.limits, freeDisk: FREE_DISK },
  }
  const repository = { root: directory } as ConstructorParameters<typeof DiskWatch>[0]['repository']
  return new DiskWatch({ repository, settings })
}

diskTest('the lane that fills the disk is found at once, and the others go on', async () => {
  using small = mountSmallDisk()
  if (small === null) return
  const watch = watchOf(small.directory)
  const [first, second, third] = [1, 2, 3].map((id) =>
    laneOn(small.directory, id, { ...LIMITS, disk: id === 1 ? 10_000_000 : 100_000_000 }),
  )
  if (first === undefined || second === undefined || third === undefined) return
  const guards = new Set([first, second, third])
  const look = async (): Promise<void> => {
    watch.look(guards)
    await watch.idle()
  }
  await look()
  write(first, 'a', 11_000_000)
  write(second, 'b', 8_000_000)
  await until('the first one is ended', async () => {
    await look()
    return first.cause() !== null
  })
  expect(first.cause()?.text).toBe(
    'The disk limit of 10 MB was reached (limits.disk): the lane takes 11 MB, its own HOME and /tmp included. Nothing of it was removed; keep less in it.',
  )
  expect([second.cause(), third.cause()]).toEqual([null, null])
  guards.delete(first)
  // Below the floor: neither is above its own limit.
  write(third, 'c', 6_000_000)
  write(second, 'd', 31_000_000)
  await until('the fastest one is ended', async () => {
    await look()
    return second.cause() !== null
  })
  expect(second.cause()?.text).toMatch(
    /^The disk was nearly full \(\S+ MB left\), and this lane grew fastest: 3[19]/,
  )
  expect(third.cause()).toBe(null)
})

diskTest('the lane that makes all the files that a disk takes is ended', async () => {
  using small = mountSmallDisk()
  if (small === null) return
  const watch = watchOf(small.directory)
  const [calm, hog] = [laneOn(small.directory, 1, LIMITS), laneOn(small.directory, 2, LIMITS)]
  for (let n = 0; n < 800; n += 1) write(calm, `${n}`, 0)
  const guards = new Set([calm, hog])
  watch.look(guards)
  await watch.idle()
  for (let n = 0; n < 700; n += 1) write(hog, `${n}`, 0)
  await until('it is ended', async () => {
    watch.look(guards)
    await watch.idle()
    return hog.cause() !== null
  })
  expect(hog.cause()?.text).toMatch(/^The disk had room for 4\d+ more files, and this lane made most: 700 in/)
  expect(calm.cause()).toBe(null)
})
