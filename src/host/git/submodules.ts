import { type GitPlace, git, splitZero } from './git.ts'
import { asText } from './path-bytes.ts'
import { type SharedPlace, treeDiff } from './tree-diff.ts'

/** The mode of a submodule in a tree: the name of a commit in another repository. */
const LINK = '160000'
/** So many submodules are looked at; a command line has an end. */
const MOST = 1_000

/** Repositories inside of a worktree that `commit` names, and that neither of `others` has at the same commit. */
export async function changedLinks(
  place: SharedPlace,
  commit: string,
  others: readonly string[],
): Promise<{ readonly path: string; readonly commit: string }[]> {
  const changes = await Promise.all(others.map(async (other) => await linksSince(place, other, commit)))
  const [first = new Map<string, string>(), ...more] = changes
  const inAll = [...first].filter(([path]) => more.every((since) => since.has(path)))
  return inAll.map(([path, object]) => ({ path, commit: object }))
}

async function linksSince(place: SharedPlace, from: string, to: string): Promise<Map<string, string>> {
  const changes = await treeDiff(place, from, to)
  return new Map(
    changes.flatMap(({ path, after }) =>
      after?.mode === LINK ? [[asText(path), after.object] as const] : [],
    ),
  )
}

/** Paths of the submodules that a commit declares and has. */
export async function submodulesOf(place: SharedPlace, commit: string): Promise<string[]> {
  const at = { gitDir: place.commonDir }
  const file = `${commit}:.gitmodules`
  const args = ['config', '-z', '--blob', file, '--get-regexp', String.raw`^submodule\..*\.path$`]
  // 1: it declares none; 128: there is no such file, or git cannot read it.
  const { stdout } = await git(at, args, { answers: [0, 1, 128] })
  const paths = splitZero(stdout)
    .map((entry) => entry.slice(entry.indexOf('\n') + 1))
    .slice(0, MOST)
  if (paths.length === 0) return []
  // 128: one of them lies outside.
  const listed = await git(at, ['--literal-pathspecs', 'ls-tree', '-z', commit, '--', ...paths], {
    answers: [0, 128],
  })
  return splitZero(listed.stdout).flatMap((entry) => {
    const [head = '', path = ''] = entry.split('\t')
    return head.startsWith(`${LINK} `) ? [path] : []
  })
}

/** Whether a remote of the repository is known to have the commit. True where nothing can be said. */
export async function isPublished(place: GitPlace, commit: string): Promise<boolean> {
  const args = ['for-each-ref', '--count=1', '--contains', commit, '--', 'refs/remotes', 'refs/tags']
  // 129: it does not have the commit either.
  const { exitCode, stdout } = await git(place, args, { answers: [0, 1, 128, 129] })
  return exitCode !== 0 || stdout !== ''
}
