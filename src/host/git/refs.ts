import { type GitPlace, git, gitLine, splitZero } from './git.ts'

/** The commit that a revision names; null when there is none. */
export async function commitOf(place: GitPlace, revision: string): Promise<string | null> {
  const answer = await git(
    place,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`],
    { answers: [0, 1, 128] },
  )
  return answer.exitCode === 0 ? answer.stdout.trim() : null
}

export async function branchTip(place: GitPlace, branch: string): Promise<string | null> {
  return await commitOf(place, `refs/heads/${branch}`)
}

/** All branches by their short names, each with its commit. */
export async function branchTips(place: GitPlace): Promise<Map<string, string>> {
  const format = '--format=%(refname:lstrip=2)%00%(objectname)%00'
  const { stdout } = await git(place, ['for-each-ref', format, 'refs/heads'])
  const parts = splitZero(stdout.replaceAll('\0\n', '\0'))
  return new Map(parts.flatMap((name, at) => (at % 2 === 0 ? [[name, parts[at + 1] ?? '']] : [])))
}

/** Short names of the branches whose commits `base` has all. */
export async function mergedBranches(place: GitPlace, base: string): Promise<string[]> {
  const args = ['for-each-ref', `--merged=refs/heads/${base}`, '--format=%(refname:lstrip=2)', 'refs/heads']
  return (await git(place, args)).stdout.split('\n').filter((name) => name !== '')
}

/** Makes a branch that must not exist. False: it exists already, or a name in its way does. */
export async function createBranch(place: GitPlace, branch: string, commit: string): Promise<boolean> {
  const { exitCode } = await git(place, ['update-ref', '--stdin', '-z'], {
    input: `create refs/heads/${branch}\0${commit}\0`,
    answers: [0, 1, 128],
    writes: true,
  })
  return exitCode === 0 || (await branchTip(place, branch)) === commit
}

/** Deletes a branch only while it is at `commit`. False: it has moved or is gone. */
export async function deleteBranch(place: GitPlace, branch: string, commit: string): Promise<boolean> {
  const args = ['update-ref', '-d', `refs/heads/${branch}`, commit]
  return (await git(place, args, { answers: [0, 1, 128], writes: true })).exitCode === 0
}

/** Whether `older` is an ancestor of `newer`, or the same. */
export async function contains(place: GitPlace, newer: string, older: string): Promise<boolean> {
  return (await git(place, ['merge-base', '--is-ancestor', older, newer], { answers: [0, 1] })).exitCode === 0
}

/** The commits of `tip` after `from` by first parents, the oldest first, each with its tree. */
export async function firstParents(
  place: GitPlace,
  from: string,
  tip: string,
): Promise<{ readonly commit: string; readonly tree: string }[]> {
  const args = ['log', '-z', '--first-parent', '--reverse', '--format=%H %T', `${from}..${tip}`, '--']
  return splitZero((await git(place, args)).stdout).map((line) => {
    const [commit = '', tree = ''] = line.split(' ')
    return { commit, tree }
  })
}

/** How many commits a lane has of its own: beyond its start point, and not merged in from base since. */
export async function ownCommits(
  place: GitPlace,
  lane: { readonly startPoint: string; readonly base: string },
  head: string,
): Promise<number> {
  const base = await branchTip(place, lane.base)
  const others = base === null ? [lane.startPoint] : [lane.startPoint, base]
  return Number(await gitLine(place, ['rev-list', '--count', head, '--not', ...others, '--']))
}

/** How many commits one has that another has not. @throws Fault */
export async function countBeyond(place: GitPlace, from: string, to: string): Promise<number> {
  return Number(await gitLine(place, ['rev-list', '--count', to, '--not', from, '--']))
}

/** The refs below a prefix, each with the object that it names. */
export async function refTargets(
  place: GitPlace,
  prefix: string,
): Promise<{ readonly ref: string; readonly oid: string }[]> {
  const { stdout } = await git(place, ['for-each-ref', '--format=%(objectname) %(refname)', prefix])
  return stdout.split('\n').flatMap((line) => {
    const [, oid = '', ref = ''] = /^(\S+) (.+)$/.exec(line) ?? []
    return ref === '' ? [] : [{ ref, oid }]
  })
}

/** Whether a branch, a tag or another ref of anybody's leads to a commit; where it is gone, none does. */
export async function isNamed(place: GitPlace, commit: string): Promise<boolean> {
  const args = ['for-each-ref', '--count=1', '--format=%(refname)', `--contains=${commit}`]
  const { exitCode, stdout } = await git(place, args, { answers: [0, 128, 129] })
  return exitCode === 0 && stdout !== ''
}

export interface DescribedRef {
  readonly ref: string
  readonly oid: string
  /** What a tag leads to; else as `oid`. */
  readonly commit: string
  readonly subject: string
}

/** The refs below a prefix, each with the first line of its message. */
export async function describeRefs(place: GitPlace, prefix: string): Promise<DescribedRef[]> {
  const format = '--format=%(refname)%00%(objectname)%00%(*objectname)%00%(contents:subject)'
  const { stdout } = await git(place, ['for-each-ref', format, prefix])
  return stdout.split('\n').flatMap((line) => {
    const [ref = '', oid = '', peeled = '', subject = ''] = line.split('\0')
    return ref === '' ? [] : [{ ref, oid, commit: peeled || oid, subject }]
  })
}

/** Full names of the refs below a prefix with commits that `commit` does not have. */
export async function unmergedRefs(place: GitPlace, prefix: string, commit: string): Promise<string[]> {
  const args = ['for-each-ref', `--no-merged=${commit}`, '--format=%(refname)', prefix]
  return (await git(place, args)).stdout.split('\n').filter((name) => name !== '')
}

/** Full names of the refs below prefixes. */
export async function refsUnder(place: GitPlace, prefixes: readonly string[]): Promise<string[]> {
  const { stdout } = await git(place, ['for-each-ref', '--format=%(refname)', ...prefixes])
  return stdout.split('\n').filter((name) => name !== '')
}

/** When it was committed, in seconds since 1970. @throws Fault */
export async function dateOfCommit(place: GitPlace, commit: string): Promise<number> {
  return Number(await gitLine(place, ['rev-list', '-1', '--no-commit-header', '--format=%ct', commit]))
}
