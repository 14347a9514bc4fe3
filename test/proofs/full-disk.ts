import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { until } from '../fixtures/cli.ts'
import { damages, makeScene, missingFrom, type Scene } from '../fixtures/full-disk/scene.ts'
import { mountSmallDisk, type SmallDisk } from '../fixtures/full-disk/small-disk.ts'
import type { Answer } from '../fixtures/product.ts'
import { plainGit } from '../fixtures/repository.ts'
import type { Figures, Proof, Report } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** Levels of free disk from nothing to 3 MB. */
  readonly levels: number
  /** Every so manieth level is met by a running engine too; 0: none. */
  readonly engineEvery: number
  /** Levels of free files. */
  readonly inodes: number
  /** Whether the floor is tried too. */
  readonly floor: number
}

interface Level {
  readonly name: string
  readonly fill: (disk: SmallDisk) => void
}

/** What was said while the disk was full: codes of errors, `done` for what worked. */
type Outcome = Readonly<Record<string, string>>

const HIGHEST = 3_000_000
const FREE_FILES = [0, 3, 10, 30, 60, 120]
/** What may be answered on a full disk; anything else is a failure of ours. */
const EXPECTED = ['done', 'waits', 'disk-full', 'low-disk', 'ledger', 'fault']
const AGENT = `node ${fileURLToPath(new URL('../fixtures/programs/agent.mjs', import.meta.url))}`

export const fullDisk: Proof<Size> = {
  name: 'full-disk',
  line: '60 levels of free disk from 0 to 3 MB during claim, land and archive: nothing lost, ledger whole, the engine lives and says what it waits for.',
  sample: { levels: 2, engineEvery: 0, inodes: 0, floor: 0 },
  full: { levels: 60, engineEvery: 1, inodes: 6, floor: 1 },
  async run(size, report): Promise<Figures> {
    const probe = mountSmallDisk()
    if (probe === null) return { skipped: 'mounting a small disk needs root' }
    probe[Symbol.dispose]()
    const levels = levelsOf(size)
    const verbs = await someAtATime(
      levels,
      async (level) => await report.once(`verbs, ${level.name}`, async () => await playVerbs(level, report)),
    )
    const some = levels.filter((_, at) => size.engineEvery > 0 && at % size.engineEvery === 0)
    const engines = await someAtATime(
      some,
      async (level) =>
        await report.once(`engine, ${level.name}`, async () => await playEngine(level, report)),
    )
    if (size.floor > 0) await report.once('floor', async () => await playFloor(report))
    return figures(size, verbs, engines)
  },
}

function levelsOf({ levels, inodes }: Size): Level[] {
  const bytes = Array.from({ length: levels }, (_, at): Level => {
    const free = Math.round((HIGHEST * at) / Math.max(1, levels - 1))
    return { name: `${free} bytes`, fill: (disk) => disk.leaveBytes(free) }
  })
  const files = FREE_FILES.slice(0, inodes).map(
    (free): Level => ({ name: `${free} files`, fill: (disk) => disk.leaveFiles(free) }),
  )
  return [...bytes, ...files]
}

/** Much of it is waiting. */
const AT_ONCE = 4

/** Some at a time; the answers in the order of the levels. */
async function someAtATime(
  levels: readonly Level[],
  play: (level: Level) => Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const left = [...levels.entries()]
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      outcomes[next[0]] = await play(next[1])
  }
  const workers = Array.from({ length: AT_ONCE }, worker)
  // All of them, also when one fails: each has a disk to take away again.
  await Promise.allSettled(workers)
  await Promise.all(workers)
  return outcomes
}

async function onDisk<T>(work: (disk: SmallDisk) => Promise<T>): Promise<T> {
  using disk = mountSmallDisk()
  assert.ok(disk !== null)
  return await work(disk)
}

/** Each verb on the full disk, and again when there is room. */
async function playVerbs(level: Level, { worklane, seed, say }: Report): Promise<Outcome> {
  return await onDisk(async (disk) => {
    const scene = await makeScene(worklane, disk.directory, { seed })
    level.fill(disk)
    const full = { ...(await verbs(scene)), status: outcome(await scene.ask('status')) }
    disk.makeRoom()
    say(`${level.name} free: ${JSON.stringify(full)}`)
    for (const [verb, code] of Object.entries(full))
      assert.ok(EXPECTED.includes(code), `${level.name}: ${verb}: ${code}`)
    await finishVerbs(scene, full)
    await checkAll(scene)
    return full
  })
}

async function verbs(scene: Scene): Promise<Record<string, string>> {
  return {
    claim: outcome(await scene.ask('claim', String(scene.fresh), '--as', 'bob')),
    complete: outcome(await scene.ask('complete', String(scene.done), '--epoch', '1')),
    land: landed(await scene.ask('land')),
    remove: outcome(await scene.ask('lane', 'remove', String(scene.dirty))),
  }
}

function outcome(answer: Answer): string {
  return answer.ok ? 'done' : answer.error.code
}

function landed(answer: Answer<{ landed: unknown[] }>): string {
  if (!answer.ok) return answer.error.code
  return answer.data.landed.length === 1 ? 'done' : 'waits'
}

/** What did not work then works when it is asked for again. */
async function finishVerbs(scene: Scene, full: Outcome): Promise<void> {
  const again = async (verb: string, ...args: readonly string[]): Promise<void> => {
    const answer = await scene.ask(...args)
    assert.ok(answer.ok, `${verb} again: ${answer.ok ? '' : answer.error.message}`)
  }
  if (full.claim !== 'done') await again('claim', 'claim', String(scene.fresh), '--as', 'bob')
  if (full.complete !== 'done') await again('complete', 'complete', String(scene.done), '--epoch', '1')
  if (full.remove !== 'done') await again('lane remove', 'lane', 'remove', String(scene.dirty))
  if (full.land !== 'done') await again('land', 'land')
}

/** The commit is on main, the archive verifies and brings every byte back, and nothing is damaged. */
async function checkAll(scene: Scene): Promise<void> {
  assert.deepEqual(damages(scene.root), [])
  plainGit(scene.root, 'merge-base', '--is-ancestor', scene.result, 'main')
  const restored = await scene.ask<{ path: string }>('lane', 'restore', String(scene.dirty))
  assert.ok(restored.ok, restored.ok ? '' : restored.error.message)
  assert.deepEqual(missingFrom(restored.data.path, scene), [])
  const lane = await scene.ask<{ path: string; uncommitted: unknown[] }>('lane', 'show', String(scene.fresh))
  if (lane.ok) assert.deepEqual(lane.data.uncommitted, [])
}

interface Running {
  readonly child: ChildProcess
  readonly said: () => string
}

function startEngine(worklane: string, root: string): Running {
  const child = spawn(worklane, ['up', '-j', '1', '--command', AGENT], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  return { child, said: () => said }
}

const TASK = 'Agent\n\n```\nwrite agent.txt done\ncommit agent\n```'

/** A running engine through it all: it lands, archives and runs an agent by itself once there is room. */
async function playEngine(level: Level, { worklane, seed, say }: Report): Promise<Outcome> {
  return await onDisk(async (disk) => {
    const scene = await makeScene(worklane, disk.directory, { seed })
    await mustDo(scene, 'task', 'cancel', String(scene.fresh))
    const engine = startEngine(worklane, scene.root)
    try {
      await until('the engine runs', async () => (await engineOf(scene)) !== null)
      level.fill(disk)
      const full: Record<string, string> = {
        complete: outcome(await scene.ask('complete', String(scene.done), '--epoch', '1')),
        add: outcome(await scene.ask('task', 'add', 'Agent', '--describe', TASK)),
        remove: outcome(await scene.ask('lane', 'remove', String(scene.dirty), '--later')),
      }
      const saysWhy = (): boolean => /Waiting, and trying again: .*(disk|free)/.test(engine.said())
      if (full.complete === 'done')
        await until(
          'the engine lands or says what it waits for',
          async () => saysWhy() || (await isLanded(scene, scene.done)),
        )
      assert.equal(engine.child.exitCode, null, `the engine ended: ${engine.said().slice(-2000)}`)
      full.land = (await isLanded(scene, scene.done)) ? 'done' : 'waits'
      disk.makeRoom()
      if (full.complete === 'done' && full.land === 'waits') full.said = 'what it waits for'
      say(`engine, ${level.name} free: ${JSON.stringify(full)}`)
      await finishEngine(scene, full)
      assert.equal(engine.child.exitCode, null)
      await mustDo(scene, 'stop')
      await checkAll(scene)
      return full
    } catch (error) {
      throw new Error(`${level.name}: ${String(error)}\n${engine.said().slice(-3000)}`, { cause: error })
    } finally {
      engine.child.kill('SIGKILL')
    }
  })
}

async function finishEngine(scene: Scene, full: Outcome): Promise<void> {
  if (full.complete !== 'done') await mustDo(scene, 'complete', String(scene.done), '--epoch', '1')
  if (full.add !== 'done') await mustDo(scene, 'task', 'add', 'Agent', '--describe', TASK)
  if (full.remove !== 'done') await mustDo(scene, 'lane', 'remove', String(scene.dirty), '--later')
  await until('the completed task has landed', async () => await isLanded(scene, scene.done), 60_000)
  await until('the agent of the engine has landed', () => hasFile(scene, 'agent.txt'), 60_000)
  await until('the lane is archived', async () => await isRemoved(scene), 60_000)
}

async function mustDo(scene: Scene, ...args: readonly string[]): Promise<void> {
  const answer = await scene.ask(...args)
  assert.ok(answer.ok, `${args.join(' ')}: ${answer.ok ? '' : answer.error.message}`)
}

async function engineOf(scene: Scene): Promise<unknown> {
  const answer = await scene.ask<{ engine: unknown }>('status')
  return answer.ok ? answer.data.engine : null
}

async function isLanded(scene: Scene, id: number): Promise<boolean> {
  const answer = await scene.ask<{ task: { state: string } }>('task', 'show', String(id))
  return answer.ok && JSON.stringify(answer.data).includes('"state":"landed"')
}

async function isRemoved(scene: Scene): Promise<boolean> {
  const answer = await scene.ask<{ lanes: { task: number }[] }>('lane', 'list')
  return answer.ok && answer.data.lanes.every(({ task }) => task !== scene.dirty)
}

function hasFile(scene: Scene, path: string): boolean {
  return plainGit(scene.root, 'ls-tree', '--name-only', 'main').split('\n').includes(path)
}

/** Below the floor nothing new is claimed or started, and it is said; above it everything goes on by itself. */
async function playFloor({ worklane, seed, say }: Report): Promise<null> {
  return await onDisk(async (disk) => {
    const scene = await makeScene(worklane, disk.directory, { seed, floor: '20mb' })
    disk.leaveBytes(12_000_000)
    const refused = await scene.ask('claim', String(scene.fresh), '--as', 'bob')
    assert.ok(!refused.ok && refused.error.code === 'low-disk')
    assert.match(refused.error.message, /^12 MB are free .* below 20 MB/)
    const status = await scene.ask<{ disk: string }>('status')
    assert.match(status.ok ? status.data.disk : '', /^12 MB are free/)
    const engine = startEngine(worklane, scene.root)
    try {
      await mustDo(scene, 'task', 'edit', String(scene.fresh), '--describe', TASK)
      await until('the engine says what it waits for', () =>
        /trying again: 12 MB are free/.test(engine.said()),
      )
      assert.ok(!hasFile(scene, 'agent.txt'))
      disk.makeRoom()
      await until('the engine goes on', () => hasFile(scene, 'agent.txt'))
      assert.match(engine.said(), /Going on\./)
      await mustDo(scene, 'stop')
    } finally {
      engine.child.kill('SIGKILL')
    }
    say('the floor holds')
    return null
  })
}

function figures(size: Size, verbs: readonly Outcome[], engines: readonly Outcome[]): Figures {
  const of = (outcomes: readonly Outcome[], verb: string): string => {
    const counts = new Map<string, number>()
    for (const one of outcomes) counts.set(one[verb] ?? '', (counts.get(one[verb] ?? '') ?? 0) + 1)
    return [...counts].map(([code, count]) => `${count} ${code}`).join(', ')
  }
  const rows = ['claim', 'complete', 'land', 'remove', 'status'].map((verb) => [
    `\`${verb === 'remove' ? 'lane remove' : verb}\` on the full disk`,
    of(verbs, verb),
  ])
  const waited = engines.filter(({ said }) => said !== undefined).length
  return {
    'levels of free disk, 0 to 3 MB': size.levels,
    'levels of free files, 0 to 120': size.inodes,
    ...Object.fromEntries(rows),
    'what failed, asked again with room': `${verbs.length} of ${verbs.length} levels: all of it works`,
    'commits or uncommitted bytes lost, archives that do not verify': 0,
    'ledgers damaged (`PRAGMA integrity_check`), repositories damaged (`git fsck`)': 0,
    'levels that a running `worklane up` lived through, and went on by itself': engines.length,
    'of them with a landing that had to wait, and was said to': waited,
    'floor (`limits.freeDisk`): refused with figures, held back, said, went on':
      size.floor === 0 ? 'not tried' : 'yes',
  }
}
