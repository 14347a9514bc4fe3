import type { LandingStyle } from '../../board/landing.ts'
import type { CandidateAnswer } from './candidate.ts'
import { type Author, writeCommit } from './commit.ts'
import { mergeOnto, treesOf } from './merge.ts'
import { composeMessage, type Message } from './message.ts'
import { checkMerge } from './oracle.ts'
import { commitOf, contains } from './refs.ts'
import type { SharedPlace } from './tree-diff.ts'

export interface RevertRequest {
  readonly style: LandingStyle
  /** Commit that base is at. */
  readonly base: string
  /** The commit on base that the landing ended with. */
  readonly landed: string
  /** The commit of base that it landed on; only a rebase, which lands several commits, needs it. */
  readonly landedOn: string
  readonly message: Message
  readonly author?: Author
  readonly sign: boolean
}

/**
 * One commit on base that undoes a whole landing: the change from what it made back to what was before is merged into
 * what base is now. `empty`: base has nothing of it any more.
 */
export async function makeRevert(place: SharedPlace, request: RevertRequest): Promise<CandidateAnswer> {
  const at = { gitDir: place.commonDir }
  const { base, landed, sign, author } = request
  if (!(await contains(at, base, landed)))
    return { kind: 'unknown', reason: `Base does not contain ${landed}.` }
  // Of a merge, the first parent is the base that it landed on.
  const before = request.style === 'rebase' ? request.landedOn : await commitOf(at, `${landed}^1`)
  if (before === null) return { kind: 'unknown', reason: `${landed} has no parent to go back to.` }
  const merge = await mergeOnto(place, { base: landed, ours: base, theirs: before })
  if (merge.kind !== 'clean') return merge
  const { tree } = merge
  const [now] = await treesOf(place, [base])
  if (tree === now) return { kind: 'empty' }
  const lost = await checkMerge(place, { bases: [landed], ours: base, theirs: before, tree })
  if (lost.length > 0)
    return { kind: 'unknown', reason: `The revert would lose ${lost.map(({ path }) => path).join(', ')}.` }
  const message = await composeMessage(request.message)
  const commit = await writeCommit(place, { tree, parents: [base], message, sign, ...(author && { author }) })
  return { kind: 'candidate', commit, tree, resolved: [] }
}
