import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { type CandidateAnswer, type CandidateRequest, makeCandidate } from '../../src/host/git/candidate.ts'
import { signingAsked } from '../../src/host/git/identity.ts'
import { type TestTree, writeHistory } from '../fixtures/history.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'

const TRUNK: TestTree = { a: 'a 1\na 2\na 3\na 4\na 5\n', b: 'b\n' }
const ADA = 'Ada <ada@example.test>'
const BOB = 'Bob <BOB@example.test>'

/** `base` one commit ahead of where `result`, two commits by two people, began. */
function ready(
  theirs: readonly TestTree[] = [
    { ...TRUNK, b: 'b 2\n' },
    { ...TRUNK, b: 'b 2\n', c: 'c\n' },
  ],
): TestRepository {
  const repository = makeRepository()
  const authors = [ADA, BOB]
  writeHistory(repository, [
    { branch: 'root', tree: TRUNK },
    { branch: 'base', tree: { ...TRUNK, a: 'a one\na 2\na 3\na 4\na 5\n' }, from: ['root'] },
    ...theirs.map((tree, at) => ({
      branch: 'result',
      tree,
      from: [at === 0 ? 'root' : 'result'],
      author: authors[at] ?? ADA,
      message: `step ${at + 1}\n\nWhy it is done.\n`,
    })),
  ])
  return repository
}

async function make(
  repository: TestRepository,
  request: Partial<CandidateRequest>,
): Promise<CandidateAnswer> {
  return await makeCandidate(
    { commonDir: repository.gitDir },
    {
      style: 'merge',
      base: repository.git('rev-parse', 'base'),
      result: repository.git('rev-parse', 'result'),
      message: { subject: 'Land it', body: 'Body.', trailers: [['Worklane-Task', '7']] },
      sign: false,
      ...request,
    },
  )
}

async function commitOf(repository: TestRepository, request: Partial<CandidateRequest>): Promise<string> {
  const answer = await make(repository, request)
  expect(answer).toMatchObject({ kind: 'candidate' })
  return answer.kind === 'candidate' ? answer.commit : ''
}

function show(repository: TestRepository, commit: string, format: string): string {
  return repository.git('show', '-s', `--format=${format}`, commit)
}

/** Both sides' changes are in it. */
function expectBoth(repository: TestRepository, commit: string): void {
  expect(repository.git('show', `${commit}:a`)).toMatch(/^a one\n/)
  expect(repository.git('show', `${commit}:b`)).toBe('b 2')
  expect(repository.git('show', `${commit}:c`)).toBe('c')
}

describe('merge', () => {
  test('has both as parents, the message with its trailers, and the user as author', async () => {
    using repository = ready()
    const commit = await commitOf(repository, {})
    expectBoth(repository, commit)
    expect(show(repository, commit, '%P')).toBe(
      repository.git('rev-parse', 'base', 'result').replace('\n', ' '),
    )
    expect(show(repository, commit, '%B')).toBe('Land it\n\nBody.\n\nWorklane-Task: 7\n')
    expect(show(repository, commit, '%an|%cn')).toBe('Test Person|Test Person')
    expect(repository.git('for-each-ref', '--contains', commit)).toBe('')
  })

  test('is made even where base has not moved, so that a landing is one commit on base', async () => {
    using repository = ready()
    const base = repository.git('rev-parse', 'root')
    const commit = await commitOf(repository, { base })
    expect(show(repository, commit, '%P').split(' ')[0]).toBe(base)
  })

  test('names the files of a conflict', async () => {
    using repository = ready([{ ...TRUNK, a: 'mine\n' }])
    expect(await make(repository, {})).toMatchObject({ kind: 'conflict', files: [{ path: 'a' }] })
    expect(await make(repository, { style: 'squash' })).toMatchObject({
      kind: 'conflict',
      files: [{ path: 'a' }],
    })
  })
})

describe('nothing to land', () => {
  test('a result that base contains', async () => {
    using repository = ready()
    for (const style of ['merge', 'squash', 'rebase'] as const)
      expect(await make(repository, { style, result: repository.git('rev-parse', 'root') })).toEqual({
        kind: 'empty',
      })
  })

  test('changes that base has already: empty for squash and rebase, a merge still records them', async () => {
    using repository = ready([{ ...TRUNK, a: 'a one\na 2\na 3\na 4\na 5\n' }])
    expect(await make(repository, { style: 'squash' })).toEqual({ kind: 'empty' })
    expect(await make(repository, { style: 'rebase' })).toEqual({ kind: 'empty' })
    expect(await make(repository, {})).toMatchObject({ kind: 'candidate' })
  })

  test('histories that have nothing in common', async () => {
    using repository = ready()
    const base = repository.git('rev-parse', 'main')
    expect(await make(repository, { base })).toMatchObject({ kind: 'unknown' })
  })
})

describe('squash', () => {
  test('is one commit by the last author, with everybody else as co-author once', async () => {
    using repository = ready([TRUNK, { ...TRUNK, b: 'b 2\n', c: 'c\n' }])
    writeHistory(repository, [
      {
        branch: 'result',
        tree: { ...TRUNK, b: 'b 2\n', c: 'c\n', d: 'd\n' },
        from: ['result'],
        author: 'Robert <bob@example.test>',
        message:
          'three\n\nCo-authored-by: Claude <bot@example.test>\nCo-authored-by: Ada L <ADA@example.test>\n',
      },
    ])
    const commit = await commitOf(repository, { style: 'squash' })
    expectBoth(repository, commit)
    expect(show(repository, commit, '%P')).toBe(repository.git('rev-parse', 'base'))
    expect(show(repository, commit, '%an <%ae>|%ad')).toMatch(/^Robert <bob@example.test>\|Tue Nov 14/)
    const trailers = [
      'Worklane-Task: 7',
      `Co-authored-by: ${ADA}`,
      'Co-authored-by: Claude <bot@example.test>',
    ]
    expect(show(repository, commit, '%B')).toBe(`Land it\n\nBody.\n\n${trailers.join('\n')}\n`)
  })

  test('takes an author who is given, and the last one is then a co-author', async () => {
    using repository = ready()
    const author = { name: 'Agent', email: 'agent@example.test' }
    const commit = await commitOf(repository, { style: 'squash', author })
    expect(show(repository, commit, '%an')).toBe('Agent')
    expect(show(repository, commit, '%(trailers:key=Co-authored-by,valueonly)')).toBe(`${ADA}\n${BOB}\n`)
  })
})

describe('rebase', () => {
  test('replays each commit with its author, date and message, and leaves out what became empty', async () => {
    const first = { ...TRUNK, b: 'b 2\n' }
    using repository = ready([
      first,
      { ...first, a: 'a one\na 2\na 3\na 4\na 5\n' },
      { ...first, a: 'a one\na 2\na 3\na 4\na 5\n', c: 'c\n' },
    ])
    const commit = await commitOf(repository, { style: 'rebase' })
    expectBoth(repository, commit)
    expect(repository.git('log', '--reverse', '--format=%an|%at|%s|%cn', `base..${commit}`)).toBe(
      'Ada|1700000003|step 1|Test Person\nAda|1700000005|step 3|Test Person',
    )
    expect(show(repository, commit, '%B')).toBe('step 3\n\nWhy it is done.\n')
    expect(repository.git('rev-list', '--merges', commit)).toBe('')
  })

  test('keeps commits that stand on base already', async () => {
    using repository = ready()
    const base = repository.git('rev-parse', 'root')
    expect(await commitOf(repository, { style: 'rebase', base })).toBe(repository.git('rev-parse', 'result'))
  })

  test('names the commit that conflicts', async () => {
    using repository = ready([
      { ...TRUNK, b: 'b 2\n' },
      { ...TRUNK, a: 'mine\n', b: 'b 2\n' },
    ])
    const commit = repository.git('rev-parse', 'result')
    expect(await make(repository, { style: 'rebase' })).toMatchObject({
      kind: 'conflict',
      files: [{ path: 'a' }],
      commit,
    })
  })

  test('flattens merges of base into the lane', async () => {
    using repository = ready()
    const both: TestTree = { a: 'a one\na 2\na 3\na 4\na 5\n', b: 'b 2\n', c: 'c\n' }
    writeHistory(repository, [
      { branch: 'result', tree: both, from: ['result', 'base'], message: 'Merge base\n' },
      { branch: 'result', tree: { ...both, d: 'd\n' }, from: ['result'], message: 'step 3\n' },
    ])
    const commit = await commitOf(repository, { style: 'rebase' })
    expectBoth(repository, commit)
    expect(repository.git('log', '--reverse', '--format=%s', `base..${commit}`)).toBe(
      'step 1\nstep 2\nstep 3',
    )
    expect(repository.git('rev-parse', `${commit}^{tree}`)).toBe(repository.git('rev-parse', 'result^{tree}'))
  })

  test('refuses when replaying would lose what a merge commit added', async () => {
    using repository = ready()
    const evil: TestTree = {
      a: 'a one\na 2\na 3\na 4\na 5\n',
      b: 'b 2\n',
      c: 'c\n',
      evil: 'only in the merge\n',
    }
    writeHistory(repository, [{ branch: 'result', tree: evil, from: ['result', 'base'] }])
    const answer = await make(repository, { style: 'rebase' })
    expect(answer).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('evil (missing)') })
    expect(await make(repository, { style: 'squash' })).toMatchObject({ kind: 'candidate' })
  })

  test('a message that is no UTF-8 and an odd author do not stop it', async () => {
    using repository = ready()
    const tree = repository.git('rev-parse', 'result^{tree}')
    const parent = repository.git('rev-parse', 'root')
    const raw = Buffer.concat([
      Buffer.from(`tree ${tree}\nparent ${parent}\nauthor . <> 99999999999999 +0000\n`),
      Buffer.from('committer . <> 1 +0000\n\nsubject\n\n'),
      Buffer.from([0xe4, 0xf6, 0x0a]),
    ])
    const options = { cwd: repository.root, input: raw }
    const args = ['hash-object', '-t', 'commit', '-w', '--literally', '--stdin']
    const result = execFileSync('git', args, options).toString().trim()
    const commit = await commitOf(repository, { style: 'rebase', result })
    expect(show(repository, commit, '%b')).toBe('äö\n')
    expect(show(repository, commit, '%an')).toBe('unknown')
  })
})

test('who commits: the user as configured, else a name that says what it is', async () => {
  using repository = ready()
  vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null')
  try {
    expect(show(repository, await commitOf(repository, {}), '%an|%ae|%cn|%ce')).toBe(
      'Worklane|worklane@localhost|Worklane|worklane@localhost',
    )
    repository.git('config', 'user.name', 'Local')
    repository.git('config', 'user.email', 'local@example.test')
    const commit = await commitOf(repository, { style: 'squash' })
    expect(show(repository, commit, '%an|%cn|%ce')).toBe('Bob|Local|local@example.test')
  } finally {
    vi.unstubAllEnvs()
  }
})

test('signs only when asked to', async () => {
  using repository = ready()
  const place = { gitDir: repository.gitDir }
  expect(await signingAsked(place)).toBe(false)
  repository.git('config', 'commit.gpgSign', 'yes')
  expect(await signingAsked(place)).toBe(true)
  repository.write(
    '../sign.sh',
    '#!/bin/sh\ncat >/dev/null\nprintf "\\n[GNUPG:] SIG_CREATED \\n" >&2\necho signature\n',
  )
  repository.git('config', 'gpg.program', `${repository.root}/../sign.sh`)
  chmodSync(`${repository.root}/../sign.sh`, 0o755)
  const unsigned = await commitOf(repository, {})
  expect(repository.git('cat-file', 'commit', unsigned)).not.toContain('gpgsig')
  for (const style of ['merge', 'squash', 'rebase'] as const) {
    const signed = await commitOf(repository, { style, sign: true })
    expect(repository.git('cat-file', 'commit', signed)).toContain('gpgsig signature')
  }
})
