import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { GitGroups } from '../../src/engine/limits/git-groups.ts'
import { type GroupTree, openTree } from '../../src/host/limits/cgroup.ts'
import type { GroupLimits } from '../../src/host/limits/controllers.ts'
import { detectGroups } from '../../src/host/limits/detect.ts'
import { diskUsage } from '../../src/host/limits/disk-usage.ts'
import { enter, type ProcessLimits } from '../../src/host/limits/enter.ts'
import { Group, makeGroup } from '../../src/host/limits/group.ts'
import { mostFilesOf, treePids, usageOf } from '../../src/host/limits/tree-usage.ts'
import { v2 } from '../../src/host/limits/v2.ts'
import { startWorker, type Worker } from '../../src/host/process/worker.ts'
import { until } from '../fixtures/cli.ts'
import { type ProcessTest, processTest } from '../fixtures/processes.ts'

const { found, shortfall } = detectGroups()
/** Skipped with the reason where the kernel does not let us make groups. */
const groupTest = found === null ? test.skip : test
const WITHOUT = found === null ? ` (skipped: ${shortfall?.why})` : ''

const OFFENDER = `"${process.execPath}" "${fileURLToPath(new URL('../fixtures/programs/offender.mjs', import.meta.url))}"`
const LIMITS: ProcessLimits = { files: 256, fileSize: 50_000_000, processes: null, nice: 0 }
const SMALL: GroupLimits = { processes: 64, memory: 256_000_000, cpu: null, weight: 1 }
const NONE: GroupLimits = { processes: null, memory: null, cpu: null, weight: 1 }

async function work(place: ProcessTest, command: string, directories: readonly string[]): Promise<Worker> {
  return await startWorker({
    command,
    cwd: place.directory,
    env: place.env,
    token: place.token,
    prompt: '',
    outputPath: place.file('output'),
    outputLimit: 1_000_000,
    timeLimit: 30_000,
    grace: 100,
    wrap: (argv) => enter(argv, LIMITS, directories),
  })
}

interface Scene extends AsyncDisposable {
  readonly place: ProcessTest
  readonly tree: GroupTree
  readonly group: Group
}

async function groupScene(limits: GroupLimits = SMALL): Promise<Scene> {
  if (found === null) throw new Error('no groups here')
  const place = processTest()
  const tree = await openTree(found, place.directory, { ...NONE, processes: 256, memory: 1_000_000_000 })
  const group = await tree.open('lane-7', limits)
  return {
    place,
    tree,
    group,
    async [Symbol.asyncDispose]() {
      await group.close()
      await tree.close()
      await place[Symbol.asyncDispose]()
    },
  }
}

const outputOf = (place: ProcessTest): string => readFileSync(place.file('output'), 'utf8')

test('a program is within its limits before its first instruction', async () => {
  await using place = processTest()
  const worker = await work(place, 'ulimit -n; ulimit -c; ulimit -f; echo "$0 $#"', [])
  expect(await worker.exited).toMatchObject({ exitCode: 0 })
  expect(outputOf(place).split('\n').slice(0, 3)).toEqual(['256', '0', String(Math.ceil(50_000_000 / 512))])
})

test('nothing runs without its limits', async () => {
  await using place = processTest()
  const worker = await work(place, 'touch ran', [place.file('no-such-group')])
  expect(await worker.exited).toMatchObject({ exitCode: 125 })
  expect(outputOf(place)).toContain('limits of this lane could not be set')
  expect(existsSync(place.file('ran'))).toBe(false)
})

test('no file grows beyond the disk limit, and files beyond the limit are not opened', async () => {
  await using place = processTest()
  const worker = await work(place, `head -c 60000000 /dev/zero > large; ${OFFENDER} files`, [])
  await until('it has its files', () => mostFilesOf(treePids(place.token)) >= 250)
  await until('it is refused more', () => outputOf(place).includes('EMFILE'))
  worker.stop(true)
  await worker.exited
  expect(await diskUsage([place.file('large')])).toBeLessThanOrEqual(50_010_000)
})

groupTest(`a fork bomb stays within its limit, and ends at one word${WITHOUT}`, async () => {
  await using scene = await groupScene()
  const { place, group } = scene
  const worker = await work(place, `${OFFENDER} processes`, group.directories)
  await until('forks are refused', () => group.usage().refusedForks > 3)
  expect(group.usage().processes).toBeLessThanOrEqual(64)
  const seen = usageOf(treePids(place.token))
  expect(seen.processes).toBeGreaterThan(20)
  expect(await group.kill()).toBe(true)
  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', stopRequested: false })
  expect(group.pids()).toEqual([])
})

groupTest(`a memory hog is ended within its limit, and its neighbour goes on${WITHOUT}`, async () => {
  await using scene = await groupScene()
  const { place, group, tree } = scene
  const other = await tree.open('lane-8', SMALL)
  await using neighbour = processTest()
  const calm = await work(neighbour, 'read line; echo went on', other.directories)
  const hog = await work(place, `${OFFENDER} memory`, group.directories)
  await hog.exited
  expect(await calm.exited).toMatchObject({ exitCode: 0 })
  expect(outputOf(neighbour)).toBe('went on\n')
  expect(group.usage().memoryKills).toBeGreaterThan(0)
  expect(group.usage().peakMemory).toBeLessThanOrEqual(256_000_000)
  expect(other.usage().memoryKills).toBe(0)
  await other.close()
})

groupTest(`a suspended group does nothing until it is resumed${WITHOUT}`, async () => {
  await using scene = await groupScene()
  const { place, group } = scene
  const worker = await work(place, 'while :; do echo x; done', group.directories)
  await until('it works', () => existsSync(place.file('output')) && outputOf(place).length > 100)
  expect(await group.freeze()).toBe(true)
  const before = group.usage().cpuTime
  for (let look = 0; look < 20; look += 1) expect(group.usage().cpuTime).toBe(before)
  expect(await group.thaw()).toBe(true)
  await until('it works again', () => group.usage().cpuTime > before)
  await group.freeze()
  // Suspended processes end too.
  await group.kill()
  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL' })
})

groupTest(`groups of dead processes are swept, with what lives in them${WITHOUT}`, async () => {
  await using scene = await groupScene()
  const { place, tree, group } = scene
  if (found === null) return
  const [directory = ''] = group.directories
  const own = dirname(directory)
  // As another process of ours would have made it, of a number that is never given out.
  const left = own.replace(/\.\d+-\d+$/, '.4194999-1')
  for (const one of [left, join(left, 'lane-9')]) mkdirSync(one)
  const lost = await work(place, 'sleep 60', [join(left, 'lane-9')])
  await until('it is in the group', () => readFileSync(join(left, 'lane-9/cgroup.procs'), 'utf8') !== '')
  await (await openTree(found, place.file('other repository'), NONE)).close()
  expect(await lost.exited).toMatchObject({ signal: 'SIGKILL' })
  expect([existsSync(left), existsSync(directory)]).toEqual([false, true])
  await tree.close()
  expect(existsSync(own)).toBe(false)
})

/** The newer interface is often mounted beside the older one, without the controllers. */
const newer = /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1]
const canMake = newer !== undefined && process.getuid?.() === 0
;(canMake ? test : test.skip)('version 2 suspends and ends a group without any controller', async () => {
  await using place = processTest()
  const homes = await makeGroup(v2, { freezer: newer ?? '' }, `worklane-test-${process.pid}`, NONE)
  const group = new Group(v2, homes)
  const worker = await work(place, 'while :; do :; done', group.directories)
  await until('it works', () => group.usage().cpuTime > 0)
  expect(await group.freeze()).toBe(true)
  expect(await group.kill()).toBe(true)
  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL' })
  await group.close()
  expect(existsSync(group.directories[0] ?? '')).toBe(false)
})

groupTest(`git of ours has one group a lane, which goes when the lane is gone${WITHOUT}`, async () => {
  await using scene = await groupScene()
  const roomOf = (laneId: number): string => scene.place.file(`room-${laneId}`)
  for (const laneId of [1, 2, 3]) mkdirSync(roomOf(laneId))
  const groups = new GitGroups(scene.tree, SMALL, roomOf)
  const [one, again, two] = await Promise.all([groups.of(1), groups.of(1), groups.of(2)])
  expect(again).toBe(one)
  rmdirSync(roomOf(1))
  const three = await groups.of(3)
  const isThere = (group: Group): boolean => group.directories.every((path) => existsSync(path))
  expect([one, two, three].map(isThere)).toEqual([false, true, true])
})

test('the disk that directories take counts hard links once and follows no symbolic link', async () => {
  await using place = processTest()
  for (const name of ['one', 'elsewhere']) mkdirSync(place.file(name))
  writeFileSync(place.file('elsewhere/large'), Buffer.alloc(4_000_000, 1))
  writeFileSync(place.file('one/file'), Buffer.alloc(1_000_000, 1))
  const worker = await work(
    place,
    'cd one && ln file again && ln -s ../elsewhere link && truncate -s 1G holes',
    [],
  )
  await worker.exited
  const taken = (await diskUsage([place.file('one'), place.file('missing')])) ?? 0
  expect(taken).toBeGreaterThanOrEqual(1_000_000)
  expect(taken).toBeLessThan(1_200_000)
})
