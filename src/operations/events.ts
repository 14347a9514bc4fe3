import { setTimeout as wait } from 'node:timers/promises'
import * as z from 'zod'
import { eventsAfter } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { whole } from './fields.ts'
import { type Context, operation } from './operation.ts'

export default operation({
  summary: 'Print what happened',
  examples: ['worklane events --after 120', 'worklane events --follow --json'],
  asItIs: true,
  withDefaults: 'warned',
  input: z.object({
    after: whole(0, 2 ** 53 - 1)
      .optional()
      .describe('Only events behind this sequence number'),
    follow: z.boolean().optional().describe('Go on printing as they happen'),
  }),
  async run(context, { after, follow }) {
    const last = await printEvents(context, after ?? 0, follow === true)
    return { last }
  },
})

async function printEvents(
  { world, report, stop }: Context,
  after: number,
  forever: boolean,
): Promise<number> {
  let seen = after
  for (;;) {
    const count = world.ledger.changeCount()
    for (
      let page = await eventsAfter(world.ledger.db, seen);
      page.length > 0;
      page = await eventsAfter(world.ledger.db, seen)
    ) {
      for (const event of page) report({ kind: 'event', event })
      seen = page.at(-1)?.seq ?? seen
    }
    if (!forever || stop.aborted) return seen
    await changed(world.ledger, count, stop)
  }
}

async function changed(ledger: Ledger, since: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted && ledger.changeCount() === since) await wait(50)
}
