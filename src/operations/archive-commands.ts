import type { Manifest } from '../host/archive/manifest.ts'
import { readable } from '../host/archive/paths.ts'
import { shellWord as quote } from '../host/process/shell-word.ts'

/** Where an archive is, and what it was made from. */
export interface ArchivedAt {
  readonly directory: string
  readonly base: string
}

/** A command for a shell, and what it does. */
export interface ReadCommand {
  readonly what: string
  readonly command: string
}

/** How to read an archive with nothing but git, tar and a shell, from anywhere in the repository. */
export function readCommands(manifest: Manifest, { directory, base }: ArchivedAt): ReadCommand[] {
  const refs = manifest.refs.map(({ ref }) => ref)
  const head = refs.find((ref) => ref.endsWith('/head')) ?? refs.find((ref) => ref.endsWith('/branch'))
  return [
    ...(head === undefined ? [] : ofCommits(head, base)),
    ...refs.filter((ref) => /\/kept\/\d+$/.test(ref)).map(ofKept),
    ...manifest.tars.flatMap(({ name }) => ofTar(`${directory}/${name}`)),
    ...ofBlobs(manifest),
  ]
}

function ofCommits(head: string, base: string): ReadCommand[] {
  return [
    { what: 'its commits', command: `git log ${quote(`${base}..${head}`)}` },
    { what: 'a branch of them', command: `git branch rescued ${quote(head)}` },
  ]
}

/** Stashes, tags, commits that only a reflog named. */
function ofKept(ref: string): ReadCommand {
  return { what: 'kept beside them', command: `git show ${quote(ref)}` }
}

function ofTar(file: string): ReadCommand[] {
  const what = file.endsWith('/git.tar') ? "the lane's git directory" : 'files that were not committed'
  return [
    { what, command: `tar -tvf ${quote(file)}` },
    { what: `${what}, unpacked`, command: `mkdir -p rescued && tar -xpf ${quote(file)} -C rescued` },
  ]
}

/** Files whose content git has as an object: staged ones above all. */
function ofBlobs(manifest: Manifest): ReadCommand[] {
  return manifest.entries.flatMap(({ area, from, oid, path }) =>
    area === 'files' && from === 'blob' && oid !== null
      ? [{ what: readable(path), command: `git cat-file blob ${oid}` }]
      : [],
  )
}
