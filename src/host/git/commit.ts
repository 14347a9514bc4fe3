import { gitBytes, gitLine } from './git.ts'
import { authorEnvironment, identityEnvironment, type Person } from './identity.ts'
import { asText } from './path-bytes.ts'
import type { SharedPlace } from './tree-diff.ts'

export interface Author extends Person {
  /** As git stores it: `<seconds since 1970> <zone>`. */
  readonly date?: string
}

export interface NewCommit {
  readonly tree: string
  readonly parents: readonly string[]
  /** Kept as it is; bytes that are not UTF-8 are taken for latin1 by git and become UTF-8. */
  readonly message: string | Buffer
  /** Default: the user. */
  readonly author?: Author
  readonly sign: boolean
}

/** Writes a commit object; no ref knows it yet. The committer is the user. */
export async function writeCommit(place: SharedPlace, commit: NewCommit): Promise<string> {
  const at = { gitDir: place.commonDir }
  const parents = commit.parents.flatMap((parent) => ['-p', parent])
  const sign = commit.sign ? ['-S'] : ['--no-gpg-sign']
  return await gitLine(at, ['commit-tree', ...sign, ...parents, '-F', '-', commit.tree], {
    input: commit.message,
    config: ['i18n.commitEncoding=UTF-8'],
    env: {
      ...(await identityEnvironment(at)),
      ...(commit.author === undefined ? {} : authored(commit.author)),
    },
    writes: true,
  })
}

function authored(author: Author): Record<string, string> {
  // A date that git would refuse must not keep the work from landing.
  const date = /^\d{1,12} [+-]\d{4}$/.test(author.date ?? '') ? `@${author.date}` : ''
  return { ...authorEnvironment(author), ...(date === '' ? {} : { GIT_AUTHOR_DATE: date }) }
}

export interface CommitRecord {
  readonly id: string
  readonly parents: readonly string[]
  readonly author: Author
  /** Values of its Co-authored-by trailers. */
  readonly coAuthors: readonly string[]
  readonly message: Buffer
}

const FIELDS = ['%H', '%P', '%an', '%ae', '%ad', '%(trailers:key=Co-authored-by,valueonly,unfold)', '%B']

/** The commits that `to` has and `from` has not, without merges, oldest first. Messages come in UTF-8. */
export async function readCommits(place: SharedPlace, from: string, to: string): Promise<CommitRecord[]> {
  const args = [
    'rev-list',
    '--no-merges',
    '--topo-order',
    '--reverse',
    '--no-commit-header',
    '--encoding=UTF-8',
    '--date=raw',
    `--format=${FIELDS.map((field) => `${field}%x00`).join('')}`,
    to,
    `^${from}`,
    '--',
  ]
  // Read as bytes: a message need not be UTF-8.
  const fields = (await gitBytes({ gitDir: place.commonDir }, args)).stdout.split('\0')
  const commits: CommitRecord[] = []
  for (let at = 0; at + FIELDS.length < fields.length; at += FIELDS.length)
    commits.push(readRecord(fields.slice(at, at + FIELDS.length)))
  return commits
}

function readRecord(fields: readonly string[]): CommitRecord {
  const [id = '', parents = '', name = '', email = '', date = '', coAuthors = '', message = ''] = fields
  return {
    id: id.trim(),
    parents: parents.split(' ').filter((parent) => parent !== ''),
    author: { name: asText(name), email: asText(email), date },
    coAuthors: asText(coAuthors)
      .split('\n')
      .filter((line) => line !== ''),
    message: Buffer.from(message, 'latin1'),
  }
}
