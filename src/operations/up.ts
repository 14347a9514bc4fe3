import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { workAsEngine } from './engine-work.ts'
import { sandbox, whole } from './fields.ts'
import { operation } from './operation.ts'
import { withSandbox } from './sandbox.ts'
import { needsCommand, tellOwnCommands } from './session-tasks.ts'

export default operation({
  summary: 'Work on the tasks of the board until stopped',
  examples: ['worklane up --command ./agent.sh -j 8', 'worklane stop        (from another terminal)'],
  aliases: { j: 'jobs' },
  tellsWalls: true,
  input: z.object({
    command: z
      .string()
      .trim()
      .min(1)
      .optional()
      .describe('Shell command of the agent; it gets the task on stdin'),
    jobs: whole(0, 1000).optional().describe('How many agents at once (default 4); 0: only land'),
    verify: z
      .string()
      .trim()
      .min(1)
      .optional()
      .describe('Command that must succeed on the exact merged commit'),
    sandbox,
    noLand: z
      .boolean()
      .optional()
      .describe('Leave completed tasks in the queue; land them with: worklane land'),
  }),
  async run(outer, { command, jobs, verify, noLand, sandbox: mode }) {
    const context = withSandbox(outer, mode)
    const { settings } = context.world
    const missing = jobs === 0 ? null : needsCommand(context.world, command, [null])
    if (missing !== null) return missing
    await tellOwnCommands(context, [], { command, verify })
    const work = {
      command: command ?? settings.agents.command,
      verify: verify ?? settings.landing.verify,
      parallel: jobs ?? settings.agents.parallel,
      land: noLand !== true,
      until: 'stopped' as const,
    }
    const worked = await workAsEngine(context, work, async () => null)
    return isRefusal(worked) ? worked : { base: worked.base, stopped: true }
  },
})
