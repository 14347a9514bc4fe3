import { redactDeeply } from '../../board/redact.ts'
import type { WithoutLedger } from '../../operations/open.ts'
import { type Asked, type Named, parse } from './parse.ts'
import { stopSignals } from './signals.ts'
import { Terminal } from './terminal.ts'

/** Runs one command line; answers the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const end = argv.indexOf('--')
  // What stands behind it is a program's own.
  const terminal = new Terminal((end === -1 ? argv : argv.slice(0, end)).includes('--json'))
  try {
    const lane = await laneAround(argv)
    if (lane?.closed !== undefined) return await lane.ask({ name: lane.closed, input: {} }, terminal)
    const parsed = await parse(argv, lane?.own)
    if (parsed.kind === 'text') return terminal.say(parsed.text)
    if (parsed.kind === 'usage') return terminal.refuseUsage(parsed.message, parsed.hint)
    return lane === null ? await perform(parsed.asked, terminal) : await lane.ask(parsed.asked, terminal)
  } catch (error) {
    return await terminal.fail(error)
  }
}

interface LaneAround {
  readonly own: Readonly<Record<string, unknown>>
  /** The verb, where it cannot be asked for from there. */
  readonly closed: string | undefined
  ask(asked: Named, terminal: Terminal): Promise<number>
}

/** Costs who is in no lane one look at the environment. */
async function laneAround(argv: readonly string[]): Promise<LaneAround | null> {
  if (process.env.WORKLANE_LANE === undefined) return null
  const { askThrough, closedVerb, ownLane } = await import('./lane-client.ts')
  const lane = ownLane(process.env, whereWeStand())
  if (lane === null) return null
  const ask: LaneAround['ask'] = async (asked, terminal) => await askThrough(lane, asked, terminal)
  return { own: lane.own, closed: closedVerb(lane, argv), ask }
}

/** What finishes something at the first Ctrl-C. */
const WINDS_UP: readonly string[] = ['run', 'up', 'land']
const WINDING_UP = 'Finishing what is under way; ctrl-C again stops it now.'

async function perform(asked: Asked, terminal: Terminal): Promise<number> {
  const { tryWorld } = await import('../../operations/open.ts')
  // What is typed while somebody is in a lane is for the shell there.
  const signals = stopSignals({ typed: asked.name !== 'shell' })
  // Only what runs agents has something to wind up first; for the rest the first Ctrl-C is enough.
  const patient = ['run', 'up', 'shell'].includes(asked.name)
  const { stop } = signals
  const cwd = whereWeStand()
  const withDefaults = asked.operation.withDefaults !== undefined
  const world = await tryWorld(cwd, { stop, hurry: patient ? signals.hurry : stop }, withDefaults)
  if ('trouble' in world) return await performWithout(world, asked, terminal)
  // Who reads what agents do may go; what they do is wound up first. A reader that goes is no error otherwise.
  const readerGone = patient ? signals.ask : () => process.exit(0)
  const { tellFirst } = await import('../../operations/tell-first.ts')
  const begun = await terminal.begin(asked.name, readerGone)
  // What people type is kept as it is, for use, and told without the secrets in it.
  const { redact } = asked.operation.asItIs === true ? {} : world.actor
  const told = <T>(text: T): T => (redact === undefined ? text : redactDeeply(text, redact))
  const show: typeof begun = (progress) => begun(told(progress))
  if (WINDS_UP.includes(asked.name))
    stop.addEventListener('abort', () => show({ kind: 'text', text: WINDING_UP }))
  try {
    const { output } = terminal
    const context = { world, cwd, report: show, output, stop: signals.stop, hurry: signals.hurry }
    await tellFirst(context, asked.operation)
    const answer = await asked.operation.run(context, asked.input)
    return await terminal.end(asked.name, told(answer), signals.stop.aborted)
  } catch (error) {
    const { explain } = await import('../../operations/explain.ts')
    throw explain(error, world)
  } finally {
    signals.dispose()
    await world.ledger.close()
  }
}

/** The ledger cannot be used: who can do without it does. */
async function performWithout(without: WithoutLedger, asked: Asked, terminal: Terminal): Promise<number> {
  if (asked.operation.rescue === undefined) {
    const { explain } = await import('../../operations/explain.ts')
    throw explain(without.trouble)
  }
  return await terminal.end(asked.name, await asked.operation.rescue(without, asked.input), false)
}

function whereWeStand(): string {
  try {
    return process.cwd()
  } catch {
    throw Object.assign(new Error('The directory that you stand in was removed.'), {
      name: 'UsageError',
      code: 'no-directory',
      hint: 'If it was a lane, its task went on in another one. Go to the repository and see: worklane lane list',
    })
  }
}
