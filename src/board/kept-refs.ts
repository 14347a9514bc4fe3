const KINDS = [
  ['refs/heads/', 'branch '],
  ['refs/tags/', 'tag '],
  ['refs/notes/', 'notes '],
] as const

/**
 * How a ref below `refs/worklane/<task>/` was called in the lane that it came out of; null: a result, which is on the
 * lane's branch.
 */
export function keptName(ref: string, laneBranch: string): string | null {
  const [, from = '', rest = ''] = /^refs\/worklane\/\d+\/([^/]+)\/(.+)$/.exec(ref) ?? []
  if (from === '' || rest === `refs/heads/${laneBranch}`) return null
  if (rest === 'head') return from.startsWith('shell-') ? from.replace('-', ' ') : null
  if (rest === 'refs/stash') return 'stash@{0}'
  if (rest.startsWith('lost/')) return 'amended or dropped'
  for (const [start, noun] of KINDS) if (rest.startsWith(start)) return noun + rest.slice(start.length)
  return rest
}
