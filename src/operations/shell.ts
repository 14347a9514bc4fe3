import * as z from 'zod'
import { UsageError } from '../config/usage-error.ts'
import { type Invited, visitLane } from '../engine/lane-shell.ts'
import { task } from './fields.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Enter the lane of a task, inside its walls',
  examples: [
    'worklane shell 7',
    'worklane shell 7 -- git log --oneline',
    'worklane shell 7 --command "npm test | tail"',
  ],
  positional: {
    field: 'id',
    label: 'ID',
    rest: { field: 'words' },
  },
  asItIs: true,
  input: z.object({
    id: task,
    words: z.array(z.string()).optional().describe('A program and its arguments, in place of a shell'),
    command: z.string().min(1).optional().describe('A shell command, in place of a shell'),
  }),
  async run(context, { id, words, command }) {
    const { world, output = 1 } = context
    if (words !== undefined && command !== undefined)
      throw new UsageError('A command is given twice: after -- and with --command.', {
        hint: 'Give one of them.',
      })
    const what = words === undefined ? shellFor(command) : { argv: words, program: words[0] ?? '' }
    return await visitLane(world, id, { ...what, output })
  },
})

function shellFor(command: string | undefined): Omit<Invited, 'output'> {
  if (command !== undefined) return { argv: ['/bin/sh', '-c', command], program: '/bin/sh' }
  const program = process.env.SHELL || '/bin/sh'
  // Walls may not show it: not every shell lies where programs do.
  const argv = ['/bin/sh', '-c', 'command -v "$0" > /dev/null && exec "$0"; exec /bin/sh', program]
  return { argv, program }
}
