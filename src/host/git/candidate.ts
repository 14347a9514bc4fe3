import type { LandingStyle } from '../../board/landing.ts'
import { type Author, type CommitRecord, readCommits, writeCommit } from './commit.ts'
import { gitLine } from './git.ts'
import { type ConflictFile, mergeBases, mergeTrees, treesOf } from './merge.ts'
import { composeMessage, type Message, type Trailer } from './message.ts'
import { checkMerge } from './oracle.ts'
import { contains } from './refs.ts'
import { replay } from './replay.ts'
import { type Resolution, type ResolvedFile, type ResolveRules, resolveConflicts } from './resolve.ts'
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
  /** Resolves conflicts by rules where they can, each told in a trailer; only for what is verified then. Not for rebase. */
  readonly resolve?: ResolveRules
}

export type CandidateAnswer =
  /** The commit that would become base, its tree, and the files that rules resolved. No ref knows it yet. */
  | {
      readonly kind: 'candidate'
      readonly commit: string
      readonly tree: string
      readonly resolved: readonly ResolvedFile[]
    }
  /** `commit`: which one of several conflicts, when they are replayed one by one. */
  | { readonly kind: 'conflict'; readonly files: readonly ConflictFile[]; readonly commit?: string }
  | { readonly kind: 'unknown'; readonly reason: string }
  /** Nothing to land: base has it all. */
  | { readonly kind: 'empty' }

/** Makes the commit that would become base. Touches no ref and no worktree. */
export async function makeCandidate(place: SharedPlace, request: CandidateRequest): Promise<CandidateAnswer> {
  const [isThere, [first, ...others]] = await Promise.all([
    contains({ gitDir: place.commonDir }, request.base, request.result),
    mergeBases(place, request.base, request.result),
  ])
  if (isThere) return { kind: 'empty' }
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
  // Git itself calls it a conflict, so that is what it is.
  if (made.resolved.length > 0) return await makeCandidate(place, withoutRules(request))
  const what = lost.slice(0, 10).map(({ path, kind }) => `${path} (${kind})`)
  return { kind: 'unknown', reason: `The merge is clean but not what both sides say: ${what.join(', ')}.` }
}

function withoutRules({ resolve: _, ...request }: CandidateRequest): CandidateRequest {
  return request
}

async function merged(place: SharedPlace, request: CandidateRequest): Promise<CandidateAnswer> {
  const merge = await mergeTrees(place, request.base, request.result)
  if (merge.kind === 'clean') return await committed(place, request, { tree: merge.tree, files: [] })
  if (merge.kind === 'unknown' || request.resolve === undefined) return merge
  const sides = { ours: request.base, theirs: request.result }
  const resolution = await resolveConflicts(place, sides, request.resolve)
  return resolution === null ? merge : await committed(place, request, resolution)
}

/** As a merge, or as one commit on top of base. */
async function committed(
  place: SharedPlace,
  asked: CandidateRequest,
  { tree, files }: Resolution,
): Promise<CandidateAnswer> {
  const told = files.map(({ path, rule }): Trailer => ['Worklane-Resolved', `${rule} ${path}`])
  const message = { ...asked.message, trailers: [...asked.message.trailers, ...told] }
  const request = { ...asked, message }
  if (request.style === 'merge') return candidate(await mergeCommit(place, request, tree), tree, files)
  const [before] = await treesOf(place, [request.base])
  return before === tree ? { kind: 'empty' } : candidate(await squashed(place, request, tree), tree, files)
}

async function mergeCommit(place: SharedPlace, request: CandidateRequest, tree: string): Promise<string> {
  const { base, result, author, sign } = request
  const message = await composeMessage(request.message)
  return await writeCommit(place, {
    tree,
    parents: [base, result],
    message,
    sign,
    ...(author && { author }),
  })
}

async function squashed(place: SharedPlace, request: CandidateRequest, tree: string): Promise<string> {
  const commits = await readCommits(place, request.base, request.result)
  const author = request.author ?? commits.at(-1)?.author
  const trailers = [...request.message.trailers, ...coAuthors(commits, author)]
  const message = await composeMessage({ ...request.message, trailers })
  const { base, sign } = request
  return await writeCommit(place, { tree, parents: [base], message, sign, ...(author && { author }) })
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
  if (end.kind === 'conflict' && (await hasMerges(place, request))) return await whole(place, request, end)
  if (end.kind !== 'replayed') return end
  const [before, tree = ''] = await treesOf(place, [request.base, end.commit])
  return before === tree ? { kind: 'empty' } : candidate(end.commit, tree, [])
}

/**
 * Who resolved a conflict by merging base has it in the merge, and its commits conflict one by one as before: they
 * land as one commit.
 */
async function whole(
  place: SharedPlace,
  request: CandidateRequest,
  conflict: Extract<CandidateAnswer, { kind: 'conflict' }>,
): Promise<CandidateAnswer> {
  const made = await merged(place, { ...withoutRules(request), style: 'squash' })
  return made.kind === 'conflict' ? conflict : made
}

async function hasMerges(place: SharedPlace, { base, result }: CandidateRequest): Promise<boolean> {
  const args = ['rev-list', '--merges', '--max-count=1', result, `^${base}`, '--']
  return (await gitLine({ gitDir: place.commonDir }, args)) !== ''
}

function candidate(commit: string, tree: string, resolved: readonly ResolvedFile[]): CandidateAnswer {
  return { kind: 'candidate', commit, tree, resolved }
}
