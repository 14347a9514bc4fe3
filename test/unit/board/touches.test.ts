import fc from 'fast-check'
import picomatch from 'picomatch'
import { expect, test } from 'vitest'
import { mayTouchSame, whyNoPattern, withoutCollisions } from '../../../src/board/touches.ts'

test.each([
  ['src/**', 'src/a.ts', true],
  ['src/**', 'docs/**', false],
  ['src/*.ts', 'src/*.css', false],
  ['src/*.ts', 'src/a*', true],
  ['src/a*', 'src/b*', false],
  ['**/*.md', 'docs/guide/x.md', true],
  ['**/*.md', 'docs/**', true],
  ['src/', 'src/deep/x', true],
  ['./src/x', 'src/x', true],
  ['src/{a,b}/x', 'src/c/x', true],
  ['src/{a,b}/x', 'lib/c/x', false],
  ['src/[ab].ts', 'lib/a.ts', false],
  ['a/?', 'a/bc', false],
  ['*', 'a/b', false],
])('%s and %s: %s', (a, b, expected) => {
  expect([mayTouchSame([a], [b]), mayTouchSame([b], [a])]).toEqual([expected, expected])
})

test('never keeps two apart that match one path', () => {
  const segment = fc.constantFrom(
    'a',
    'b',
    'ab',
    '*',
    '**',
    '?',
    'a*',
    '*b',
    '[ab]',
    '{a,b}',
    '{a,b/a}',
    '@(a/b|b)',
  )
  const pattern = fc.array(segment, { minLength: 1, maxLength: 4 }).map((list) => list.join('/'))
  const path = fc.array(fc.constantFrom('a', 'b', 'ab', 'aab'), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(pattern, pattern, path, (a, b, names) => {
      const at = names.join('/')
      fc.pre(picomatch.isMatch(at, a, { dot: true }) && picomatch.isMatch(at, b, { dot: true }))
      expect(mayTouchSame([a], [b])).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('what collides comes last, but never waits for ever', () => {
  const task = (id: number, touches: string[], overtaken = 0) => ({ id, touches, overtaken })
  const ready = [task(1, ['src/**']), task(2, []), task(3, ['src/a']), task(4, ['docs/**'])]
  expect(withoutCollisions(ready, [])).toEqual([1, 2, 4, 3])
  expect(withoutCollisions(ready, [['src/x']])).toEqual([2, 3, 4, 1])
  expect(withoutCollisions([task(1, ['src/**'], 10), ...ready.slice(1)], [['src/x']])).toEqual([1, 2, 4, 3])
  expect(withoutCollisions([task(1, ['src/**'])], [['src/**']])).toEqual([1])
})

test.each(['', '/etc', 'a/../b', 'x'.repeat(301), 'a\nb'])('refuses %j', (pattern) => {
  expect(whyNoPattern(pattern)).not.toBeNull()
})
