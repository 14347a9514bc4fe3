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
  ['src', 'src/login/x', true],
  ['.', 'src/x', true],
  ['src/log', 'src/login/x', false],
  ['src/*', 'src/login/x', false],
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

/** The paths of so many names, of those that small patterns can tell apart. */
function pathsOf(names: number): string[] {
  const shorter = names === 1 ? [''] : pathsOf(names - 1)
  return shorter.flatMap((path) => ['a', 'b', 'ab'].map((name) => `${path}${name}/`))
}

const PATHS = [1, 2, 3, 4, 5, 6].flatMap(pathsOf)

/** What a pattern says, in the plainest way; for a path with a slash at its end. */
function plainly(pattern: string): RegExp {
  const segments = pattern
    .split('/')
    .map((one) => (one === '**' ? '([^/]+/)*' : `${one.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}/`))
  // A name without a wild sign may be a directory.
  return new RegExp(`^${segments.join('')}${/[*?][^/]*$/.test(pattern) ? '$' : ''}`)
}

test('two meet where there is a path that matches both', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', '*', '**', '?', 'a*', '*b', '*a*')
  const pattern = fc.array(segment, { minLength: 1, maxLength: 3 }).map((list) => list.join('/'))
  fc.assert(
    fc.property(pattern, pattern, (a, b) => {
      const [isA, isB] = [plainly(a), plainly(b)]
      const meets = PATHS.some((path) => isA.test(path) && isB.test(path))
      expect(mayTouchSame([a], [b])).toBe(meets)
    }),
    { numRuns: 300 },
  )
})

test('an answer comes, however often things repeat', () => {
  expect(mayTouchSame([`${'**/a/'.repeat(40)}x*`], [`${'**/b/'.repeat(40)}y*`])).toBe(false)
  expect(mayTouchSame([`${'**/a/'.repeat(40)}**/x`], [`${'**/b/'.repeat(40)}**/x`])).toBe(true)
  expect(mayTouchSame([`${'*a'.repeat(140)}c`], ['a'.repeat(290)])).toBe(false)
  expect(mayTouchSame([`${'*a'.repeat(140)}c`], [`${'b*'.repeat(140)}c`])).toBe(true)
})

test('what collides comes last, but never waits for ever', () => {
  const task = (id: number, touches: string[], overtaken = 0) => ({ id, touches, overtaken })
  const ready = [task(1, ['src/**']), task(2, []), task(3, ['src/a']), task(4, ['docs/**'])]
  expect(withoutCollisions(ready, [])).toEqual([1, 2, 4, 3])
  expect(withoutCollisions(ready, [['src/x']])).toEqual([2, 3, 4, 1])
  expect(withoutCollisions([task(1, ['src/**'], 10), ...ready.slice(1)], [['src/x']])).toEqual([1, 2, 4, 3])
  expect(withoutCollisions([task(1, ['src/**'])], [['src/**']])).toEqual([1])
})

test.each(['', '/etc', 'a/../b', 'x'.repeat(301), 'a\nb', '[a', 'a/{b', 'x(', '[]'])(
  'refuses %j',
  (pattern) => {
    expect(whyNoPattern(pattern)).not.toBeNull()
  },
)

test.each(['app/[id]/page.tsx', 'src/{a,b}/x', 'app/(main)/x', 'a\\[b', '[]]', '[[]', ':)'])(
  'takes %j',
  (pattern) => {
    expect(whyNoPattern(pattern)).toBeNull()
  },
)
