import * as z from 'zod'
import { refuse } from '../board/refusal.ts'
import { leaveNote } from '../ledger/notes.ts'
import { transact } from '../ledger/transact.ts'
import { noteText } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'From inside a lane: leave a note on its own task',
  examples: ['worklane note "The tests need a running database"'],
  positional: { field: 'text', label: 'TEXT' },
  input: z.object({ text: noteText }),
  async run({ world }, { text }) {
    const own = process.env.WORKLANE_TASK
    if (own === undefined || !/^\d+$/.test(own))
      return refuse('not-in-a-lane', 'This is not inside a lane.', 'Elsewhere: worklane task note ID TEXT')
    return await transact(world.ledger, world.actor, async (tx) => await leaveNote(tx, Number(own), text))
  },
})
