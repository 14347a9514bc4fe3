import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { checkDescription, checkSubject } from '../config/task-text.ts'
import { addTasks, findTask } from '../ledger/tasks.ts'
import { transact } from '../ledger/transact.ts'
import { duration, network, taskId, touches, whole } from './fields.ts'
import { operation } from './operation.ts'

export const taskFields = {
  describe: z.string().optional().describe('What is to be done, at length; Markdown'),
  priority: whole(-1000, 1000).optional().describe('Higher goes first (default 0)'),
  after: z.array(taskId).optional().describe('Number of a task that must have landed first'),
  command: z.string().trim().min(1).optional().describe('Shell command of the agent for this task'),
  check: z.array(z.string().min(1)).optional().describe('Command that must succeed in the lane at the end'),
  touches: touches
    .optional()
    .describe('Paths that it expects to change, such as src/**; tasks that collide are kept apart'),
  attempts: whole(1, 100).optional().describe('How many attempts before it counts as failed'),
  timeLimit: duration.optional().describe('Longest time of one attempt, such as 30m'),
  network: network
    .optional()
    .describe('What its programs may reach: on, off, or domains with commas between'),
  allowEmpty: z.boolean().optional().describe('It may complete without a change'),
  review: z.boolean().optional().describe('A person must approve it before it lands'),
}

export default operation({
  summary: 'Add a task',
  examples: ['worklane task add "Add a login page"', 'worklane task add "Write docs" --after 3 --priority 5'],
  positional: { field: 'subject', label: 'SUBJECT' },
  input: z.object({ subject: z.string().describe('What is to be done, in one line'), ...taskFields }),
  async run({ world }, input) {
    const draft = {
      subject: checkSubject(input.subject),
      description: checkDescription(input.describe ?? ''),
      priority: input.priority ?? 0,
      maxAttempts: input.attempts ?? world.settings.agents.attempts,
      timeLimit: input.timeLimit ?? null,
      network: input.network ?? null,
      command: input.command ?? null,
      verify: null,
      checks: input.check ?? [],
      touches: input.touches ?? [],
      allowEmpty: input.allowEmpty ?? false,
      review: input.review ?? false,
      after: input.after ?? [],
    }
    const ids = await transact(world.ledger, world.actor, async (tx) => await addTasks(tx, [draft]))
    return isRefusal(ids) ? ids : await findTask(world.ledger.db, ids[0] ?? 0)
  },
})
