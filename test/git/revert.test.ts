import { expect, test } from 'vitest'
import type { LandingStyle } from '../../src/board/landing.ts'
import { type CandidateAnswer, makeCandidate } from '../../src/host/git/candidate.ts'
import { makeRevert } from '../../src/host/git/revert.ts'
import { type TestTree, writeHistory } from '../fixtures/history.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'

const ROOT: TestTree = { a: '1\n2\n3\n4\n5\n6\n', b: 'b\n', gone: 'g\n' }
const message = { subject: 'Revert "Land it"', body: 'It broke.', trailers: [] }

/** A task of two commits, landed on `main` in a style, and a later commit by a person. */
async function landed(
  style: LandingStyle,
): Promise<{ repository: TestRepository; on: string; landed: string }> {
  const repository = makeRepository(ROOT as Record<string, string>)
  writeHistory(repository, [
    { branch: 'root', tree: ROOT },
    { branch: 'base', tree: { ...ROOT, b: 'b 2\n' }, from: ['root'] },
    { branch: 'task', tree: { ...ROOT, a: 'one\n2\n3\n4\n5\n6\n' }, from: ['root'] },
    { branch: 'task', tree: { a: 'one\n2\n3\n4\n5\n6\n', b: 'b\n', n: 'new\n' }, from: ['task'] },
  ])
  const on = repository.git('rev-parse', 'base')
  const result = repository.git('rev-parse', 'task')
  const place = { commonDir: repository.gitDir }
  const made = await makeCandidate(place, { style, base: on, result, message, sign: false })
  if (made.kind !== 'candidate') throw new Error(made.kind)
  repository.git('checkout', '-q', '-B', 'main', made.commit)
  repository.commit('a person', { a: 'one\n2\n3\n4\n5\nsix\n' })
  return { repository, on, landed: made.commit }
}

async function revert(
  repository: TestRepository,
  style: LandingStyle,
  on: string,
  commit: string,
): Promise<CandidateAnswer> {
  const base = repository.git('rev-parse', 'main')
  const request = { style, base, landed: commit, landedOn: on, message, sign: false }
  return await makeRevert({ commonDir: repository.gitDir }, request)
}

test.each(['merge', 'squash', 'rebase'] as const)(
  'a landing by %s is undone as one commit, later work stays',
  async (style) => {
    const { repository, on, landed: commit } = await landed(style)
    using _ = repository
    const base = repository.git('rev-parse', 'main')
    const answer = await revert(repository, style, on, commit)
    expect(answer).toMatchObject({ kind: 'candidate' })
    const made = answer.kind === 'candidate' ? answer.commit : ''
    expect(repository.git('show', '-s', '--format=%P|%s|%b', made)).toBe(
      `${base}|Revert "Land it"|It broke.\n`,
    )
    expect(repository.git('show', `${made}:a`)).toBe('1\n2\n3\n4\n5\nsix')
    expect(repository.git('ls-tree', '--name-only', made)).toBe('a\nb\ngone')
    expect(repository.git('show', `${made}:b`)).toBe('b 2')
    repository.git('reset', '-q', '--hard', made)
    expect(await revert(repository, style, on, commit)).toEqual({ kind: 'empty' })
  },
)

test('what was built on it conflicts, and the files are named', async () => {
  const { repository, on, landed: commit } = await landed('merge')
  using _ = repository
  repository.commit('built on it', { n: 'new\nand more\n' })
  expect(await revert(repository, 'merge', on, commit)).toMatchObject({
    kind: 'conflict',
    files: [{ path: 'n' }],
  })
})

test('a commit that base does not have cannot be taken back', async () => {
  const { repository, on } = await landed('squash')
  using _ = repository
  expect(await revert(repository, 'squash', on, repository.git('rev-parse', 'task'))).toMatchObject({
    kind: 'unknown',
  })
})
