import * as z from 'zod'
import { isRefusal, type Refusal } from '../board/refusal.ts'
import type { Task } from '../board/task.ts'
import { openOperation } from '../engine/lane-git.ts'
import type { World } from '../engine/world.ts'
import { branchTip } from '../host/git/refs.ts'
import { isLandingPaused } from '../ledger/landing-pause.ts'
import { latestLandings } from '../ledger/landings.ts'
import { standingLanes } from '../ledger/lanes.ts'
import { quarantinedTasks } from '../ledger/ready.ts'
import { latestRuns } from '../ledger/runs.ts'
import { latestNotes, taskMap } from '../ledger/tasks.ts'
import { transact } from '../ledger/transact.ts'
import { workAsEngine } from './engine-work.ts'
import { sandbox, whole } from './fields.ts'
import { type Context, operation } from './operation.ts'
import { readyBranches } from './ready-branches.ts'
import { refuseMissingAgent } from './refuse-missing-agent.ts'
import { withSandbox } from './sandbox.ts'
import { addOrFind, commandsOf, draftsFrom, needsCommand, tellOwnCommands } from './session-tasks.ts'
import type { RunSummary } from './snapshot.ts'
import { unfinishedTasks } from './unfinished.ts'

export default operation({
  summary: 'Add tasks, run agents on them and land what they do',
  examples: [
    'worklane run tasks.md --command "claude -p --dangerously-skip-permissions" -j 8 --verify "npm test"',
    'worklane run "Add a login page" "Fix the typo in the footer" --command ./agent.sh',
    'worklane run tasks.md --no-land        (a branch per task, for pull requests)',
    'worklane run        (goes on with the tasks of the board; so does the same file again)',
  ],
  positional: { field: 'what', label: 'FILE|SUBJECT', many: true },
  aliases: { j: 'jobs' },
  tellsWalls: true,
  input: z.object({
    what: z
      .array(z.string())
      .optional()
      .describe('A task file (.md, .yaml, .json, .txt), or tasks in words; nothing: the board'),
    command: z
      .string()
      .trim()
      .min(1)
      .optional()
      .describe('Shell command of the agent; it gets the task on stdin'),
    jobs: whole(1, 1000).optional().describe('How many agents at once (default 4)'),
    verify: z
      .string()
      .trim()
      .min(1)
      .optional()
      .describe('Command that must succeed on the exact merged commit'),
    sandbox,
    review: z.boolean().optional().describe('Wait for a person to approve each task before it lands'),
    noLand: z
      .boolean()
      .optional()
      .describe('Leave a branch per task, ready for a pull request; nothing lands until: worklane land'),
  }),
  async run(outer, { what, command, jobs, verify, review, noLand, sandbox: mode }) {
    const context = withSandbox(outer, mode)
    const { world, cwd } = context
    const started = world.actor.now()
    const drafts = await draftsFrom(world, cwd, what ?? [], {
      review: review ?? false,
      command: command ?? null,
      verify: verify ?? null,
    })
    const commands = await commandsOf(world, drafts)
    const missing = needsCommand(world, command, commands)
    if (missing !== null) return missing
    await refuseMissingAgent(world, command, commands)
    await tellOwnCommands(context, drafts, { command, verify })
    const settings = {
      command: command ?? world.settings.agents.command,
      verify: verify ?? world.settings.landing.verify,
      parallel: jobs ?? world.settings.agents.parallel,
      land: noLand !== true,
      until: 'done' as const,
    }
    const worked = await workAsEngine(context, settings, async () => {
      if (drafts.length === 0) return null
      const ids = await transact(world.ledger, world.actor, async (tx) => await addOrFind(tx, drafts))
      return isRefusal(ids) ? ids : await withDependencies(context, ids)
    })
    return isRefusal(worked)
      ? worked
      : await summarise(context, { ...worked, started, verify: settings.verify, land: settings.land })
  },
})

/** The new tasks, and what of the board they wait for. */
async function withDependencies({ world }: Context, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const tasks = await taskMap(world.ledger.db)
  const wanted = new Set(ids)
  for (const id of wanted) for (const on of tasks.get(id)?.after ?? []) wanted.add(on)
  return wanted
}

interface Worked {
  readonly base: string
  readonly only: ReadonlySet<number> | null
  readonly started: number
  readonly verify: string | null
  readonly land: boolean
}

async function summarise({ world, stop }: Context, worked: Worked): Promise<RunSummary | Refusal> {
  const { db } = world.ledger
  const all = [...(await taskMap(db)).values()]
  const tasks = all.filter(({ id }) => worked.only === null || worked.only.has(id))
  const landings = await latestLandings(db)
  const landed = all.filter((task) => task.state === 'landed' && task.updatedAt >= worked.started)
  const branches = worked.land ? [] : await readyBranches(world, tasks, landings)
  const ready = new Set(branches.map(({ id }) => id))
  const known = {
    landings,
    notes: await latestNotes(db),
    runs: await latestRuns(db),
    open: await openIn(world, tasks),
    quarantined: await quarantinedTasks(db),
    paused: await isLandingPaused(db),
    verify: worked.verify === world.settings.landing.verify ? null : worked.verify,
  }
  const unfinished = unfinishedTasks(tasks, known)
  return {
    landed: landed.map(({ id }) => id),
    branches,
    unfinished: unfinished.filter(({ id }) => !ready.has(id)),
    base: worked.base,
    commit: (await branchTip({ gitDir: world.repository.commonDir }, worked.base)) ?? '',
    verify: worked.verify,
    verified:
      worked.verify !== null &&
      landed.every(({ id }) => landings.get(id)?.candidate == null || landings.get(id)?.verified === true),
    interrupted: stop.aborted,
    took: world.actor.now() - worked.started,
  }
}

/** What agents left open in the lanes of tasks that failed, by task. */
async function openIn(world: World, tasks: readonly Task[]): Promise<ReadonlyMap<number, string>> {
  const failed = new Set(tasks.filter(({ state }) => state === 'failed').map(({ id }) => id))
  const open = new Map<number, string>()
  for (const lane of await standingLanes(world.ledger.db)) {
    const operation = failed.has(lane.taskId) ? await openOperation(world, lane) : null
    if (operation !== null) open.set(lane.taskId, operation.name)
  }
  return open
}
