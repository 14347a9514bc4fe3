import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { branchName, slug } from '../../../src/board/lane.ts'

describe('slug', () => {
  it.each([
    ['Add OAuth login!', 'add-oauth-login'],
    ['Überarbeite café', 'uberarbeite-cafe'],
    ['日本語', 'untitled'],
    ['--; rm -rf $HOME', 'rm-rf-home'],
    ['../../etc/passwd', 'etc-passwd'],
  ])('%s → %s', (title, expected) => expect(slug(title)).toBe(expected))

  it('is always safe in a path and a ref', () => {
    const safe = /^[a-z0-9]+(-[a-z0-9]+)*$/
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (title) => safe.test(slug(title)) && slug(title).length <= 40,
      ),
    )
  })
})

describe('branchName', () => {
  const task = { id: 7, subject: 'OAuth login' }
  it.each([
    [[], 'task/7-oauth-login'],
    [['task'], 'task-7-oauth-login'],
    [['task/7-oauth-login'], 'task-7-oauth-login'],
    [['task/7-oauth-login/deeper'], 'task-7-oauth-login'],
    [['TASK/7-OAUTH-LOGIN', 'task-7-oauth-login'], 'task/7-oauth-login-2'],
  ])('with %j there → %s', (taken, expected) =>
    expect(branchName('task/{id}-{slug}', task, taken)).toBe(expected),
  )
})
