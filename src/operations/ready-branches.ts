import type { Landing } from '../board/landing.ts'
import type { Task } from '../board/task.ts'
import type { World } from '../engine/world.ts'
import { branchTip } from '../host/git/refs.ts'
import { shellWord as word } from '../host/process/shell-word.ts'
import { standingLanes } from '../ledger/lanes.ts'
import type { RunSummary } from './snapshot.ts'

type Branches = RunSummary['branches']

/** Tasks that are done and wait to land, each with the branch that has its result; not those whose review is due. */
export async function readyBranches(
  { ledger, repository, settings }: World,
  tasks: readonly Task[],
  landings: ReadonlyMap<number, Landing>,
): Promise<Branches> {
  const remote = word(settings.landing.push ?? 'origin')
  const ready: Branches[number][] = []
  for (const { taskId, branch, base } of await standingLanes(ledger.db)) {
    const task = tasks.find(({ id, state }) => id === taskId && state === 'completed')
    const landing = landings.get(taskId)
    if (task === undefined || landing?.state !== 'queued') continue
    if ((await branchTip({ gitDir: repository.commonDir }, branch)) !== landing.result) continue
    const open = `gh pr create --base ${word(base)} --head ${word(branch)} --fill`
    const next = `git push -u ${remote} ${word(branch)} && ${open}`
    ready.push({ id: taskId, subject: task.subject, branch, commit: landing.result, next })
  }
  return ready
}
