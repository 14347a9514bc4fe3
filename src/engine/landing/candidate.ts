import type { Landing } from '../../board/landing.ts'
import { syncFileSystem } from '../../host/files/sync.ts'
import { makeCandidate } from '../../host/git/candidate.ts'
import { signingAsked } from '../../host/git/identity.ts'
import { setOwnRefs } from '../../host/git/own-refs.ts'
import { branchTip } from '../../host/git/refs.ts'
import { findTask } from '../../ledger/tasks.ts'
import type { World } from '../world.ts'
import { candidateRef } from './refs.ts'

/** The commit that would become base, and the commit of base that it stands on. */
export interface Candidate {
  readonly kind: 'candidate'
  readonly commit: string
  readonly on: string
  /** It was verified before, and only the move was held up. */
  readonly verified: boolean
}

export type CandidateStep =
  | Candidate
  /** Nothing to land: base, at `on`, has it all. */
  | { readonly kind: 'empty'; readonly on: string }
  | { readonly kind: 'conflict'; readonly files: readonly string[] }
  | { readonly kind: 'unknown'; readonly reason: string }

/** Makes the candidate from base as it is now and the task's frozen result, without touching any work tree. */
export async function prepareCandidate(world: World, entry: Landing): Promise<CandidateStep> {
  const place = { gitDir: world.repository.commonDir }
  const on = await branchTip(place, entry.base)
  if (on === null) return { kind: 'unknown', reason: `The branch ${entry.base} does not exist.` }
  if (entry.verified && entry.candidate !== null && entry.candidateOn === on)
    return { kind: 'candidate', commit: entry.candidate, on, verified: true }
  const task = await findTask(world.ledger.db, entry.taskId)
  const subject = task?.subject ?? ''
  const made = await makeCandidate(world.repository, {
    style: entry.style,
    base: on,
    result: entry.result,
    message: {
      subject: entry.style === 'merge' ? `Merge task ${entry.taskId}: ${subject}` : subject,
      body: task?.description ?? '',
      trailers: [['Worklane-Task', String(entry.taskId)]],
    },
    sign: await signingAsked(place),
  })
  if (made.kind === 'empty') return { kind: 'empty', on }
  if (made.kind === 'conflict')
    return { kind: 'conflict', files: [...new Set(made.files.map(({ path }) => path))] }
  if (made.kind === 'unknown') return made
  // No ref, base above all, is to name what a power cut could take; the objects were written with git's defaults.
  await syncFileSystem(place.gitDir)
  await setOwnRefs(place.gitDir, new Map([[candidateRef(entry), made.commit]]))
  return { kind: 'candidate', commit: made.commit, on, verified: false }
}
