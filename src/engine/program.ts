import { join } from 'node:path'
import type { NetworkPolicy } from '../board/network.ts'
import { programsIn } from '../config/programs-in.ts'
import { homePathsOf } from '../config/provider-keys.ts'
import { Fault } from '../host/fault.ts'
import { stopTree } from '../host/process/tree.ts'
import type { Bind } from '../host/sandbox/bubblewrap.ts'
import { proxyEnvironment, requirement, throughProxy } from '../host/sandbox/forward.ts'
import { namedPaths } from '../host/sandbox/named-paths.ts'
import type { RefusedRequest } from '../host/sandbox/proxy.ts'
import type { Walls } from '../host/sandbox/walls.ts'
import { INSIDE } from '../host/sandbox/walls.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { findTask } from '../ledger/tasks.ts'
import { tellOnce, transact } from '../ledger/transact.ts'
import type { Purpose } from './environment.ts'
import { lanesDirectory } from './lanes-place.ts'
import { hasWalls, laneRoom, wallsAround } from './sandbox.ts'
import type { World } from './world.ts'

/** How a program of a lane or a verify run is started. */
export interface Program {
  readonly env: Record<string, string>
  /** Undefined: as it is, without walls. */
  readonly wrap?: (argv: readonly string[]) => readonly string[]
  readonly walled: boolean
  /** `host:port` of what the network policy did not let it reach, so far. */
  readonly refused: ReadonlySet<string>
  /** When it and its children are gone. */
  close(): Promise<void>
}

export interface ProgramRequest {
  /** Whose limits it has; 0: a verify run's. */
  readonly laneId: number
  /** Its command line, which says what it needs to read. */
  readonly command: string
  /** As it would be outside of walls. */
  readonly env: Record<string, string>
  readonly purpose: Purpose
  /** Ours, for what belongs to these walls. */
  readonly room: string
  readonly walls: (network: boolean) => Promise<Walls>
  /** Shown to this program alone. */
  readonly readable?: readonly Bind[]
  /** What the network is not to be for it, for its task's sake. */
  readonly network?: NetworkPolicy | undefined
  /** Told of each request that the network policy refused. */
  readonly onRefused?: (refused: RefusedRequest) => void
}

/** The walls, the HOME and the network of one program; none of it where the sandbox is `none`. */
export async function prepareProgram(world: World, request: ProgramRequest): Promise<Program> {
  const inside = (await hasWalls(world)) ? await prepareInside(world, request) : null
  const program = inside ?? {
    env: request.env,
    walled: false,
    refused: new Set<string>(),
    close: async () => undefined,
  }
  return request.purpose.for === 'agent' ? program : await limited(world, request, program)
}

/** An agent's limits are its run's. What else runs a lane's code has some of its own, and is killed beyond them. */
async function limited(world: World, { laneId, env }: ProgramRequest, program: Program): Promise<Program> {
  const token = env.WORKLANE_RUN ?? ''
  const guard = await world.guard?.({ laneId, token, directories: [] })
  if (guard === undefined) return program
  void guard.stopped.then(async () => await stopTree(token, { grace: 0 })).catch(() => undefined)
  return {
    ...program,
    wrap: (argv) => guard.enter(program.wrap?.(argv) ?? argv),
    close: async () => void (await Promise.all([program.close(), guard.close()])),
  }
}

async function prepareInside(world: World, request: ProgramRequest): Promise<Program> {
  const { env, room } = request
  const network = request.network ?? world.settings.sandbox.network
  const walls = await request.walls(network.mode === 'on')
  await furnish(world, request, walls)
  const way = network.mode === 'domains' ? await openWay(network.domains, room, walls, request) : null
  const more = {
    readable: [
      ...namedPaths(request.command, {
        home: walls.home,
        root: world.repository.root,
        commonDir: world.repository.commonDir,
        lanes: lanesDirectory(world),
      }),
      ...(request.readable ?? []),
      ...(way?.binds ?? []),
    ],
  }
  return {
    walled: true,
    refused: way?.refused ?? new Set(),
    env: { ...walls.environment(env), ...(way === null ? {} : proxyEnvironment()) },
    wrap: (argv) => walls.wrap(way === null ? argv : way.through(argv), more),
    close: async () => await way?.close(),
  }
}

type LaneProgram = Omit<ProgramRequest, 'room' | 'walls' | 'laneId'> & { readonly room?: string }

/** As `prepareProgram`, in the walls of a lane. `room`: where another program of the lane may be at work meanwhile. */
export async function programInLane(
  world: World,
  lane: OwnedLane,
  { room = laneRoom(world, lane.id), ...request }: LaneProgram,
): Promise<Program> {
  const walls = async (network: boolean): Promise<Walls> => await wallsAround(world, lane, { network, room })
  const network = (await findTask(world.ledger.db, lane.taskId))?.network ?? undefined
  const onRefused = refusalTeller(world, lane)
  return await prepareProgram(world, {
    network,
    onRefused,
    ...request,
    laneId: lane.id,
    room,
    walls,
  })
}

/** So many different refusals of one program become events; the rest is the same again. */
const MOST_REFUSALS = 20

/** What the network policy refused, each once for a task, among the events. */
function refusalTeller(world: World, { id, taskId: task }: OwnedLane): (refused: RefusedRequest) => void {
  const told = new Set<string>()
  return ({ sentence: text }) => {
    if (told.has(text) || told.size >= MOST_REFUSALS) return
    told.add(text)
    const event = { type: 'lane.network_refused', subject: `lane/${id}`, data: { task, text } } as const
    transact(world.ledger, world.actor, async (tx) => await tellOnce(tx, event)).catch(() => undefined)
  }
}

/** The private HOME has the login of the agent that is started, and what the settings name. */
async function furnish({ settings }: World, { purpose, room }: ProgramRequest, walls: Walls): Promise<void> {
  const { seedHome } = await import('../host/sandbox/private-home.ts')
  const login = purpose.for === 'agent' ? homePathsOf(programsIn(purpose.command)) : []
  const paths = [...new Set([...settings.sandbox.home, ...login])]
  const { uid } = walls
  await seedHome({ from: walls.home, to: join(room, 'home'), paths, ...(uid === null ? {} : { uid }) })
}

interface Way {
  readonly refused: ReadonlySet<string>
  readonly binds: readonly Bind[]
  through(argv: readonly string[]): string[]
  close(): Promise<void>
}

/** A proxy outside, and a way to it inside, for as long as the program runs. */
async function openWay(
  domains: readonly string[],
  room: string,
  { uid }: Walls,
  { onRefused }: ProgramRequest,
): Promise<Way> {
  const missing = requirement()
  if (missing !== null) throw new Fault(missing, { retry: 'never' })
  const { startProxy } = await import('../host/sandbox/proxy.ts')
  const outside = join(room, 'network.sock')
  const inside = `${INSIDE}/network.sock`
  const refused = new Set<string>()
  const proxy = await startProxy({
    domains,
    socketPath: outside,
    uid,
    onRefused(request) {
      if (request.to !== null && refused.size < MOST_REFUSALS) refused.add(request.to)
      onRefused?.(request)
    },
  })
  return {
    refused,
    binds: [{ from: outside, to: inside }],
    through: (argv) => throughProxy(argv, inside),
    close: async () => await proxy.close(),
  }
}
