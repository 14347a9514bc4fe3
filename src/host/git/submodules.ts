import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { git, gitLine, splitZero } from './git.ts'
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

export interface Submodule {
  readonly name: string
  readonly path: string
  /** As .gitmodules has it; null: it has none. */
  readonly url: string | null
}

/** The submodules that a commit declares and has. */
export async function submodulesOf(place: SharedPlace, commit: string): Promise<Submodule[]> {
  const at = { gitDir: place.commonDir }
  const declared = (await declaredIn(place, commit)).slice(0, MOST)
  if (declared.length === 0) return []
  // 128: one of them lies outside.
  const paths = declared.map(({ path }) => path)
  const listed = await git(at, ['--literal-pathspecs', 'ls-tree', '-z', commit, '--', ...paths], {
    answers: [0, 128],
  })
  const links = splitZero(listed.stdout).flatMap((entry) => {
    const [head = '', path = ''] = entry.split('\t')
    return head.startsWith(`${LINK} `) ? [path] : []
  })
  return declared.filter(({ path }) => links.includes(path))
}

async function declaredIn({ commonDir }: SharedPlace, commit: string): Promise<Submodule[]> {
  const file = `${commit}:.gitmodules`
  const args = ['config', '-z', '--blob', file, '--get-regexp', String.raw`^submodule\..*\.(path|url)$`]
  // 1: it declares none; 128: there is no such file, or git cannot read it.
  const { stdout } = await git({ gitDir: commonDir }, args, { answers: [0, 1, 128] })
  const values = new Map(
    splitZero(stdout).map((entry) => {
      const end = entry.indexOf('\n')
      return [entry.slice('submodule.'.length, end), entry.slice(end + 1)]
    }),
  )
  return [...values].flatMap(([key, path]) => {
    if (!key.endsWith('.path')) return []
    const name = key.slice(0, -'.path'.length)
    return [{ name, path, url: values.get(`${name}.url`) ?? null }]
  })
}

/**
 * Whether the main checkout's own copy of a submodule has the commit from its remote. What a lane's copy says counts for
 * nothing: whoever works there can write its refs.
 */
export async function isFetched(
  { commonDir }: SharedPlace,
  { name }: Submodule,
  commit: string,
): Promise<boolean> {
  const gitDir = join(commonDir, 'modules', name)
  if (name.split('/').includes('..') || !existsSync(join(gitDir, 'HEAD'))) return false
  const args = ['for-each-ref', '--count=1', '--contains', commit, '--', 'refs/remotes']
  const env = { GIT_NO_LAZY_FETCH: '1' }
  // 129: it does not have the commit.
  const { exitCode, stdout } = await git({ gitDir }, args, { answers: [0, 1, 128, 129], env })
  return exitCode === 0 && stdout !== ''
}

/** Where those who check `commit` out get a submodule from; null: it does not say. `base` is what people stand on. */
export async function remoteOf(
  { commonDir, root }: SharedPlace & { readonly root: string },
  { name, url }: Submodule,
  base: string,
): Promise<string | null> {
  if (url === null) return null
  const before = (await declaredIn({ commonDir }, base)).find((one) => one.name === name)
  const setting = async (key: string): Promise<string | null> =>
    (await gitLine({ gitDir: commonDir }, ['config', '--get', key], { answers: [0, 1] })) || null
  const own = before?.url === url ? await setting(`submodule.${name}.url`) : null
  return own ?? resolved(url, (await setting('remote.origin.url')) ?? root)
}

/** As git resolves one that begins with `./` or `../` (git-submodule(1), add). */
function resolved(url: string, remote: string): string {
  let at = remote.replace(/\/+$/, '')
  let left = url
  for (let up = /^\.{1,2}\/+/.exec(left); up !== null; up = /^\.{1,2}\/+/.exec(left)) {
    left = left.slice(up[0].length)
    if (up[0].startsWith('..')) at = at.replace(/[/:][^/:]*$/, '')
  }
  if (left === url) return url
  return remote.startsWith(`${at}:`) && !at.includes('/') ? `${at}:${left}` : `${at}/${left}`
}
