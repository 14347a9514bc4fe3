import * as z from 'zod'
import type { TaskDraft } from '../board/task.ts'
import { checkDescription, checkSubject } from '../config/task-text.ts'
import { UsageError } from '../config/usage-error.ts'
import { editTask } from '../ledger/tasks.ts'
import { transact } from '../ledger/transact.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'
import { taskFields } from './task-add.ts'

type Change = { -readonly [K in keyof TaskDraft]?: TaskDraft[K] }

export default operation({
  summary: 'Change a task that nobody works on',
  examples: ['worklane task edit 7 --priority 9', 'worklane task edit 7 --subject "Add a sign-up page"'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({
    id: task,
    subject: z.string().optional().describe('What is to be done, in one line'),
    ...taskFields,
  }),
  async run({ world }, { id, subject, describe, check, attempts, ...rest }) {
    const change: Change = {}
    if (subject !== undefined) change.subject = checkSubject(subject)
    if (describe !== undefined) change.description = checkDescription(describe)
    if (check !== undefined) change.checks = check
    if (attempts !== undefined) change.maxAttempts = attempts
    for (const [key, value] of Object.entries(rest))
      if (value !== undefined) Object.assign(change, { [key]: value })
    if (Object.keys(change).length === 0)
      throw new UsageError('Nothing to change was given.', {
        hint: `For example: worklane task edit ${id} --priority 5`,
      })
    return await transact(world.ledger, world.actor, async (tx) => await editTask(tx, id, change))
  },
})
