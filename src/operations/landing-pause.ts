import * as z from 'zod'
import { pauseLanding } from '../ledger/landing-pause.ts'
import { transact } from '../ledger/transact.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Let nothing land until it is resumed; what is being verified is finished',
  examples: ['worklane landing pause'],
  input: z.object({}),
  run: async ({ world }) => await transact(world.ledger, world.actor, pauseLanding),
})
