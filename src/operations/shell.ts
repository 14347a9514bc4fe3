import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { UsageError } from '../config/usage-error.ts'
import { type Entry, type Invited, visitLane } from '../engine/lane-shell.ts'
import { FINISHED } from '../engine/lanes/plan.ts'
import { settleLanes } from '../engine/settle.ts'
import type { World } from '../engine/world.ts'
import { asFault } from '../host/fault.ts'
import { findTask } from '../ledger/tasks.ts'
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
    const { world, report, output = 1 } = context
    if (words !== undefined && command !== undefined)
      throw new UsageError('A command is given twice: after -- and with --command.', {
        hint: 'Give one of them.',
      })
    const what = words === undefined ? shellFor(command) : { argv: words, program: words[0] ?? '' }
    const isShell = words === undefined && command === undefined
    const visit = await visitLane(world, id, { ...what, output }, (entry) => {
      if (isShell) report({ kind: 'text', text: welcome(entry) })
    })
    if (isRefusal(visit)) return visit
    await removeIfFinished(world, id)
    return { task: id, ...visit }
  },
})

function shellFor(command: string | undefined): Omit<Invited, 'output'> {
  if (command !== undefined) return { argv: ['/bin/sh', '-c', command], program: '/bin/sh' }
  const program = process.env.SHELL || '/bin/sh'
  // Walls may not show it: not every shell lies where programs do.
  const argv = ['/bin/sh', '-c', 'command -v "$0" > /dev/null && exec "$0"; exec /bin/sh', program]
  return { argv, program }
}

/** Where they are, with whom, and what becomes of their commits. */
function welcome({ lane, task: state, walls, agent }: Entry): string {
  const where = `The lane of task ${lane.taskId}, ${lane.path}`
  if (agent)
    return walls
      ? `${where}: an agent is at work in it.\nIts commits and yours come onto ${lane.branch} when its run ends, not before.`
      : `${where}: an agent is at work in it, on the same branch ${lane.branch}.`
  if (state !== null && OVER.includes(state))
    return `${where}: the task is ${state}.\nWhat you commit here is not part of it any more; when you leave you hear where it is kept.`
  return walls
    ? `${where}: nobody else is in it.\nWhat you commit comes onto ${lane.branch} when you leave.`
    : `${where}: nobody else is in it.\nWhat you commit is on ${lane.branch} at once.`
}

const OVER: readonly string[] = ['completed', ...FINISHED]

/** Its removal waited for the person to leave. What goes wrong with that is not theirs to hear now: doctor tells. */
async function removeIfFinished(world: World, id: number): Promise<void> {
  const found = await findTask(world.ledger.db, id)
  if (found === undefined || !FINISHED.includes(found.state)) return
  try {
    await settleLanes(world)
  } catch (error) {
    if (asFault(error) === null) throw error
  }
}
