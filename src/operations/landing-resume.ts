import * as z from 'zod'
import { resumeLanding } from '../ledger/landing-pause.ts'
import { transact } from '../ledger/transact.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Let the landing queue go on',
  examples: ['worklane landing resume'],
  input: z.object({}),
  run: async ({ world }) => await transact(world.ledger, world.actor, resumeLanding),
})
