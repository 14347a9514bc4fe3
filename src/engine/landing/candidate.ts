import type { Landing } from '../../board/landing.ts'
import { type CandidateAnswer, makeCandidate } from '../../host/git/candidate.ts'
import { signingAsked } from '../../host/git/identity.ts'
import { findTask } from '../../ledger/tasks.ts'
import { told } from '../told.ts'
import type { World } from '../world.ts'

/**
 * Makes the commit that would follow `on` with the task's frozen result. Touches no ref and no work tree. Rules resolve
 * conflicts only where it is verified afterwards.
 */
export async function candidateOn(
  world: World,
  entry: Landing,
  { on, verified }: { readonly on: string; readonly verified: boolean },
): Promise<CandidateAnswer> {
  const { resolve, changelogs } = world.settings.landing
  const task = await findTask(world.ledger.db, entry.taskId)
  const subject = told(world, task?.subject ?? '')
  return await makeCandidate(world.repository, {
    style: entry.style,
    base: on,
    result: entry.result,
    message: {
      subject: entry.style === 'merge' ? `Merge task ${entry.taskId}: ${subject}` : subject,
      body: told(world, task?.description ?? ''),
      trailers: [['Worklane-Task', String(entry.taskId)]],
    },
    sign: await signingAsked({ gitDir: world.repository.commonDir }),
    ...(resolve && verified ? { resolve: { changelogs } } : {}),
  })
}
