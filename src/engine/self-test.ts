import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Refusal, refuse } from '../board/refusal.ts'
import { Fault } from '../host/fault.ts'
import { uidOfLane, wallsMissing } from '../host/sandbox/detect.ts'
import { ALL_ATTEMPTS, type EscapeTargets, QUICK_ATTEMPTS } from '../host/sandbox/escape-attempts.ts'
import { escapeScene, NODE, ownProcess } from '../host/sandbox/escape-scene.ts'
import { socketPathFor } from '../host/sandbox/socket-path.ts'
import { type Tried, tryEscape } from '../host/sandbox/try-escape.ts'
import type { Walls } from '../host/sandbox/walls.ts'
import { allLanes, type OwnedLane } from '../ledger/lanes.ts'
import { laneRoom, named, wallsForTest } from './sandbox.ts'
import type { World } from './world.ts'

/**
 * A handful of real attempts inside the walls of a new lane: nobody is to work in one whose walls do not hold.
 * @throws Fault that names what got through
 */
export async function testWalls(world: World, lane: OwnedLane, walls: Walls): Promise<void> {
  const room = laneRoom(world, lane.id)
  const socket = join(room, 'listener.sock')
  using place = socketPathFor(socket)
  const server = createServer().listen(place.path)
  await once(server, 'listening')
  try {
    const tried = await tryEscape({
      walls,
      room,
      attempts: QUICK_ATTEMPTS,
      targets: { ...(await targetsOf(world, lane.id)), socket },
      network: false,
      ...namedIn(world),
    })
    const through = tried.filter(({ outcome }) => outcome === 'through')
    if (through.length > 0) throw doNotHold(lane, through)
  } finally {
    server.close()
  }
}

function doNotHold({ taskId }: OwnedLane, through: readonly Tried[]): Fault {
  const could = through.map(({ attempt }) => attempt).join(', ')
  return new Fault(`The walls of the lane of task ${taskId} do not hold: an agent in it could ${could}.`, {
    retry: 'never',
    code: 'walls-open',
    hint: 'See: worklane sandbox test; sandbox.read and sandbox.write in worklane.yaml may open them',
  })
}

/** What the whole set found. */
export interface WallsTest {
  readonly tried: readonly Tried[]
  readonly held: number
  /** How many could have got through: what is not there and what is open on purpose does not count. */
  readonly of: number
  readonly network: 'on' | 'off' | 'domains'
  /** What agents run in here, by the settings. */
  readonly sandbox: 'walls' | 'none'
}

/** All attempts, in walls as those of lanes around a directory of their own. */
export async function testAllAttempts(world: World): Promise<WallsTest | Refusal> {
  const missing = await wallsMissing()
  if (missing !== null) return refuse('no-walls', missing.why, missing.remedy)
  const top = join(world.repository.home, 'sandbox-test', String(process.pid))
  const [lane, room, git] = ['lane', 'room', 'room/git'].map((name) => join(top, name)) as [
    string,
    string,
    string,
  ]
  const { mode } = world.settings.sandbox.network
  await makeDirectories([lane, git])
  try {
    await using scene = await escapeScene(top)
    const tried = await tryEscape({
      walls: await wallsForTest(world, { directory: lane, room, gitDirectory: git, network: mode === 'on' }),
      room,
      attempts: ALL_ATTEMPTS,
      targets: { ...(await targetsOf(world, null)), ...scene, lane },
      network: mode === 'on',
      binds: [NODE],
      ...namedIn(world),
    })
    const count = (outcome: Tried['outcome']): number => tried.filter((one) => one.outcome === outcome).length
    const held = count('held')
    return { tried, held, of: held + count('through'), network: mode, sandbox: world.sandbox }
  } finally {
    await rm(top, { recursive: true, force: true })
  }
}

async function makeDirectories(paths: readonly string[]): Promise<void> {
  const uid = uidOfLane(0)
  for (const path of paths) {
    await mkdir(path, { recursive: true, mode: 0o755 })
    if (uid !== null) await chown(path, uid, uid)
  }
}

async function targetsOf(world: World, laneId: number | null): Promise<Omit<EscapeTargets, 'socket'>> {
  const { root, commonDir, home } = world.repository
  const others = (await allLanes(world.ledger.db)).filter(
    ({ id, state }) => id !== laneId && state === 'ready',
  )
  const kept = [join(home, 'runs'), join(home, 'archive'), ...others.map(({ id }) => laneRoom(world, id))]
  return {
    root,
    commonDir,
    home: homedir(),
    ledger: join(home, 'ledger.db'),
    otherLanes: others.map(({ path }) => path).filter((path) => existsSync(path)),
    kept: kept.filter((path) => existsSync(path)),
    process: ownProcess(),
  }
}

/** What the settings let lanes see and change is no way out. */
function namedIn({ settings }: World): { readable: readonly string[]; writable: readonly string[] } {
  const { read, write } = settings.sandbox
  return { readable: named([...read, ...write]), writable: named(write) }
}
