import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slug } from '../../../src/board/lane.ts'
import { branchTemplate, plainBranch } from '../../../src/config/branch-template.ts'
import { refusal } from './refusal.ts'

function gitTakes(name: string): boolean {
  return spawnSync('git', ['check-ref-format', '--branch', name], { cwd: '/' }).status === 0
}

describe('plainBranch', () => {
  it.each([
    'main',
    'task/7-x',
    'a.b',
    'a/b/c',
    'ünïcode',
    'a@b',
    '@x',
    'x@',
    'a-',
    'A',
    '7',
    'a{b}',
    'a.lockx',
    'a,b',
    "a'b",
    '',
    '-a',
    'HEAD',
    '.a',
    'a/.b',
    'a.',
    'a..b',
    'a.lock',
    'a.lock/b',
    '/a',
    'a/',
    'a//b',
    'a b',
    'a~b',
    'a^b',
    'a:b',
    'a?b',
    'a*b',
    'a[b',
    'a\\b',
    'a\tb',
    'a\x7fb',
    'a@{b',
    '@{b',
    'a\nb',
  ])('says of %j what git says', (name) => {
    expect(plainBranch(name)).toBe(gitTakes(name))
  })

  it('agrees with git on names of awkward characters', () => {
    const piece = fc.constantFrom(
      'a',
      '.',
      '..',
      '/',
      '-',
      '@',
      '{',
      '.lock',
      ' ',
      '~',
      'é',
      '*',
      '\\',
      '[',
      'HEAD',
    )
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), (pieces) => {
        const name = pieces.join('')
        fc.pre(name !== '@')
        expect([name, plainBranch(name)]).toEqual([name, gitTakes(name)])
      }),
      { numRuns: 80 },
    )
  })

  it('takes no full names, which git would put below refs/heads, and no other name of HEAD', () => {
    expect([plainBranch('refs/heads/main'), plainBranch('@')]).toEqual([false, false])
  })
})

describe('branchTemplate', () => {
  it.each(['task/{id}-{slug}', '{id}', 'me/{slug}/{id}', '{slug}-{id}', 'wip-{id}-{id}', 'x@{id}'])(
    'takes %s',
    (template) => {
      expect(branchTemplate(template)).toBe(template)
    },
  )

  it.each([
    '',
    'task',
    '{slug}',
    'task/{ID}',
    '{id}-{name}',
    '{id',
    'id}',
    '{{id}}',
    '{id}.lock',
    '-{id}',
    '.{id}',
    'a b{id}',
    '{id}..{slug}',
    '/{id}',
    '{id}/',
    '{id}~1',
    'refs/heads/{id}',
    `${'a'.repeat(100)}{id}`,
    '{id}$(touch x)\n',
  ])('refuses %j', (template) => {
    refusal(() => branchTemplate(template))
  })

  it('gives names that git takes, whatever the title', () => {
    fc.assert(
      fc.property(fc.nat(99_999), fc.string({ unit: 'grapheme' }), (id, title) => {
        const name = 'a/{slug}/{id}-{slug}'.replaceAll('{id}', String(id)).replaceAll('{slug}', slug(title))
        expect(plainBranch(name)).toBe(true)
      }),
    )
  })
})
