import { setTimeout as wait } from 'node:timers/promises'
import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import type { SandboxMode } from '../config/settings.ts'
import { radarController, record } from '../engine/radar/controller.ts'
import { failedWithLane } from '../engine/radar/lanes.ts'
import { readPublished } from '../engine/radar/published.ts'
import { type Look, Radar } from '../engine/radar/radar.ts'
import type { World } from '../engine/world.ts'
import { findEngine } from '../ledger/engines.ts'
import { needTask } from '../ledger/tasks.ts'
import { taskId } from './fields.ts'
import { type Context, operation } from './operation.ts'
import { openTasks } from './sandbox.ts'

/** What `worklane radar` answers. */
export interface RadarAnswer extends Omit<Look, 'at'> {
  /** RFC 3339, UTC. */
  readonly at: string
  /** Whether an engine keeps it current, or it was looked at just now. */
  readonly by: 'engine' | 'look'
  /** Whom it was asked about: of the others nothing but their lanes is told. Null: all. */
  readonly task: number | null
  /** Tasks with an agent at work that no walls hold. */
  readonly open: readonly number[]
  /** In what agents are started from here. */
  readonly sandbox: SandboxMode
  /** Failed tasks, whose lanes are not compared until they are retried. */
  readonly failed: readonly number[]
}

export default operation({
  summary: 'Show which lanes would conflict, uncommitted work included',
  examples: ['worklane radar', 'worklane radar 7 --json', 'worklane radar --watch'],
  positional: { field: 'id', label: 'TASK' },
  tellsWalls: true,
  input: z.object({
    id: taskId.optional().describe('Only what this task has to do with'),
    watch: z.boolean().optional().describe('Go on showing it as it changes'),
  }),
  async run(context, { id, watch }) {
    const { world } = context
    if (id !== undefined) {
      const found = await needTask(world.ledger.db, id)
      if (isRefusal(found)) return found
    }
    const about = async (answer: Compared): Promise<RadarAnswer> => ({
      ...(id === undefined ? answer : only(answer, id)),
      open: await openTasks(world),
      sandbox: world.sandbox,
      failed: await failedWithLane(world),
    })
    return watch === true ? await follow(context, about) : await about(await lookOnce(world))
  },
})

type Compared = Omit<RadarAnswer, 'open' | 'sandbox' | 'failed'>

/** The engine's, where one is at work; it is never older than the changes of the last second or two. */
async function lookOnce(world: World): Promise<Compared> {
  const engines = await ofEngine(world)
  if (engines !== null) return engines
  using radar = new Radar(world)
  const look = await radar.look('all')
  await record(world, look)
  return answerOf(look, 'look')
}

async function ofEngine(world: World): Promise<Compared | null> {
  const engine = await findEngine(world.ledger.db, 'engine')
  if (engine === undefined || !world.isAlive(engine.identity)) return null
  const look = await readPublished(world, engine.identity)
  return look === null ? null : answerOf(look, 'engine')
}

function answerOf({ at, ...look }: Look, by: RadarAnswer['by']): Compared {
  return { at: new Date(at).toISOString(), by, task: null, ...look }
}

function only(answer: Compared, id: number): Compared {
  return {
    ...answer,
    task: id,
    overlaps: answer.overlaps.filter(({ tasks }) => tasks.includes(id)),
    unknown: answer.unknown.filter(({ tasks }) => tasks.includes(id)),
    unseen: answer.unseen.filter(({ task }) => task === id),
  }
}

/** Milliseconds between glances. */
const GLANCE_EVERY = 100

/** Tells each answer that differs from the one before; in the end the last. */
async function follow(
  { world, report, stop }: Context,
  about: (answer: Compared) => Promise<RadarAnswer>,
): Promise<RadarAnswer> {
  using own = radarController(world, { paused: () => false })
  let latest = await about(await lookOnce(world))
  for (
    let told = '';
    !stop.aborted;
    await wait(GLANCE_EVERY, undefined, { signal: stop }).catch(() => undefined)
  ) {
    const look = await ofEngine(world).then(async (engines) => engines ?? fresh(await own.look()))
    if (look !== null) latest = await about(look)
    const { at: _at, by: _by, ...content } = latest
    const text = JSON.stringify(content)
    if (text !== told) report({ kind: 'radar', answer: latest })
    told = text
  }
  return latest
}

function fresh(look: Look | null): Compared | null {
  return look === null ? null : answerOf(look, 'look')
}
