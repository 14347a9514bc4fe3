import type { OpenOperation } from '../engine/lane-git.ts'
import type { OwnedLane } from '../ledger/lanes.ts'

/** How a person ends what git is in the middle of in a lane: where walls have its git, plain git knows nothing of it. */
export function howToFinish({ taskId, path }: OwnedLane, { name, inside }: OpenOperation): string {
  if (!inside) return `Finish it in ${path}: git ${name} --continue, or --abort.`
  const go = `worklane shell ${taskId} --command 'git add -A && GIT_EDITOR=true git ${name} --continue'`
  return `Resolve its files in ${path}, then: ${go}; or give it up: worklane shell ${taskId} -- git ${name} --abort`
}
