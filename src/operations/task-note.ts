import * as z from 'zod'
import { leaveNote } from '../ledger/notes.ts'
import { transact } from '../ledger/transact.ts'
import { noteText, task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Leave a note on a task for whoever takes it next',
  examples: ['worklane task note 7 "The tests need a running database"'],
  positional: { field: 'id', label: 'ID', next: { field: 'text', label: 'TEXT' } },
  input: z.object({ id: task, text: noteText }),
  async run({ world }, { id, text }) {
    return await transact(world.ledger, world.actor, async (tx) => await leaveNote(tx, id, text))
  },
})
