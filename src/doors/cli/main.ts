import { type Asked, parse } from './parse.ts'
import { stopSignals } from './signals.ts'
import { Terminal } from './terminal.ts'

/** Runs one command line; answers the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const terminal = new Terminal(argv.includes('--json'))
  try {
    const parsed = await parse(argv)
    if (parsed.kind === 'text') return terminal.say(parsed.text)
    if (parsed.kind === 'usage') return terminal.refuseUsage(parsed.message, parsed.hint)
    return await perform(parsed.asked, terminal)
  } catch (error) {
    return await terminal.fail(error)
  }
}

async function perform(asked: Asked, terminal: Terminal): Promise<number> {
  const { openWorld } = await import('../../operations/open.ts')
  const signals = stopSignals()
  // Only what runs agents has something to wind up first; for the rest the first Ctrl-C is enough.
  const patient = asked.name === 'run' || asked.name === 'up'
  const { stop } = signals
  const world = await openWorld(process.cwd(), { stop, hurry: patient ? signals.hurry : stop })
  const show = await terminal.begin(asked.name)
  try {
    const context = { world, cwd: process.cwd(), report: show, stop: signals.stop, hurry: signals.hurry }
    const answer = await asked.operation.run(context, asked.input)
    return await terminal.end(asked.name, answer, signals.stop.aborted)
  } finally {
    signals.dispose()
    await world.ledger.close()
  }
}
