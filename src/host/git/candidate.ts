import type { LandingStyle } from '../../board/landing.ts'
import { type Author, type CommitRecord, readCommits, writeCommit } from './commit.ts'
import { type ConflictFile, mergeBases, mergeTrees, treesOf } from './merge.ts'
import { composeMessage, type Message, type Trailer } from './message.ts'
import { checkMerge } from './oracle.ts'
import { contains } from './refs.ts'
import { replay } from './replay.ts'
import type { SharedPlace } from './tree-diff.ts'

export interface CandidateRequest {
  readonly style: LandingStyle
  /** Commit that base is at. */
  readonly base: string
  /** Commit that is to land. */
  readonly result: string
  /** Of the merge or the squashed commit; rebase keeps each commit's own. */
  readonly message: Message
  /** Default for merge: the user; for squash: the author of the last commit. */
  readonly author?: Author
  readonly sign: boolean
}

export type CandidateAnswer =
  /** The commit that would become base, and its tree. No ref knows it yet. */
  | { readonly kind: 'candidate'; readonly commit: string; readonly tree: string }
  /** `commit`: which one of several conflicts, when they are replayed one by one. */
  | { readonly kind: 'conflict'; readonly files: readonly ConflictFile[]; readonly commit?: string }
  | { readonly kind: 'unknown'; readonly reason: string }
  /** Nothing to land: base has it all. */
  | { readonly kind: 'empty' }

/** Makes the commit that would become base. Touches no ref and no worktree. */
export async function makeCandidate(place: SharedPlace, request: CandidateRequest): Promise<CandidateAnswer> {
  if (await contains({ gitDir: place.commonDir }, request.base, request.result)) return { kind: 'empty' }
  const [first, ...others] = await mergeBases(place, request.base, request.result)
  if (first === undefined) return { kind: 'unknown', reason: 'The result and base have no commit in common.' }
  const made = await (request.style === 'rebase' ? rebased(place, request) : merged(place, request))
  if (made.kind !== 'candidate') return made
  const lost = await checkMerge(place, {
    bases: [first, ...others],
    ours: request.base,
    theirs: request.result,
    tree: made.tree,
  })
  if (lost.length === 0) return made
  const what = lost.slice(0, 10).map(({ path, kind }) => `${path} (${kind})`)
  return { kind: 'unknown', reason: `The merge is clean but not what both sides say: ${what.join(', ')}.` }
}

async function merged(place: SharedPlace, request: CandidateRequest): Promise<CandidateAnswer> {
  const merge = await mergeTrees(place, request.base, request.result)
  if (merge.kind !== 'clean') return merge
  const { tree } = merge
  if (request.style === 'merge') {
    const parents = [request.base, request.result]
    const { author, sign } = request
    const message = await composeMessage(request.message)
    return candidate(
      await writeCommit(place, { tree, parents, message, sign, ...(author && { author }) }),
      tree,
    )
  }
  const [before] = await treesOf(place, [request.base])
  return before === tree ? { kind: 'empty' } : await squashed(place, request, tree)
}

async function squashed(
  place: SharedPlace,
  request: CandidateRequest,
  tree: string,
): Promise<CandidateAnswer> {
  const commits = await readCommits(place, request.base, request.result)
  const author = request.author ?? commits.at(-1)?.author
  const trailers = [...request.message.trailers, ...coAuthors(commits, author)]
  const message = await composeMessage({ ...request.message, trailers })
  const { base, sign } = request
  return candidate(
    await writeCommit(place, { tree, parents: [base], message, sign, ...(author && { author }) }),
    tree,
  )
}

/** Everybody else who wrote or helped with one of the commits, once per address. */
function coAuthors(commits: readonly CommitRecord[], author: Author | undefined): Trailer[] {
  const seen = new Set([address(`<${author?.email ?? ''}>`)])
  return commits
    .flatMap((commit) => [`${commit.author.name} <${commit.author.email}>`, ...commit.coAuthors])
    .filter((person) => {
      const isNew = !seen.has(address(person))
      seen.add(address(person))
      return isNew
    })
    .map((person) => ['Co-authored-by', person])
}

function address(person: string): string {
  return (/<([^>]*)>/.exec(person)?.[1] ?? person).toLowerCase()
}

async function rebased(place: SharedPlace, request: CandidateRequest): Promise<CandidateAnswer> {
  const commits = await readCommits(place, request.base, request.result)
  const end = await replay(place, { commits, onto: request.base, sign: request.sign })
  if (end.kind !== 'replayed') return end
  const [before, tree = ''] = await treesOf(place, [request.base, end.commit])
  return before === tree ? { kind: 'empty' } : candidate(end.commit, tree)
}

function candidate(commit: string, tree: string): CandidateAnswer {
  return { kind: 'candidate', commit, tree }
}
